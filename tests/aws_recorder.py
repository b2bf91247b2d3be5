"""Writes what an AWS answers into a folder, one JSON document for each call that the collector makes, in the form of a
recording: `{"aws": {"service", "operation", "account", "region"}, "response": …}` (or `"error"`)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from tests.aws_fleet import Fleet
from tools.collect.aws.answers import Answers
from tools.collect.aws.items import decoded
from tools.collect.aws.operation import Operation
from tools.collect.aws.operations import ASKED, OPERATIONS


def record(fleet: Fleet, folder: Path) -> Path:
    """Ask everything that the collector asks, page by page, and keep every answer."""
    folder.mkdir(parents=True, exist_ok=True)
    answers = Answers(fleet.aws.account, fleet.aws.region, fleet.aws.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"))
    for operation in OPERATIONS:
        asked = ASKED[operation.key](answers) if operation.each else [{}]
        documents = [doc for one in asked for doc in _documents(fleet, operation, one, answers)]
        texts = [json.dumps(document, indent=1, sort_keys=True) + "\n" for document in documents]
        if texts:
            name = f"{operation.service}.{operation.name}" + (".json" if len(texts) == 1 else ".yaml")  # many: a stream
            (folder / name).write_text("---\n".join(texts))
    return folder


def _documents(
    fleet: Fleet, operation: Operation[Any], asked: dict[str, Any], answers: Answers
) -> Iterator[dict[str, Any]]:
    about: dict[str, Any] = {
        "service": operation.service,
        "operation": operation.name,
        "account": fleet.aws.account,
        "region": fleet.aws.region,
        **({"parameters": plain(asked)} if asked else {}),
    }
    client = fleet.client(operation.service)
    method = next(name for name, api in client.meta.method_to_api_mapping.items() if api == operation.name)
    parameters = {**operation.parameters, **asked}
    try:
        paged = client.can_paginate(method)
        pages = (
            client.get_paginator(method).paginate(**parameters) if paged else [getattr(client, method)(**parameters)]
        )
        for page in pages:
            response = plain({key: value for key, value in page.items() if key != "ResponseMetadata"})
            answers.add(operation, decoded(operation, response)[0])
            yield {"aws": about, "response": response}
    except ClientError as error:
        yield {"aws": about, "error": {k: error.response["Error"][k] for k in ("Code", "Message")}}


def plain(value: Any) -> Any:
    """A value as JSON holds it, times in RFC 3339."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.decode() if isinstance(value, bytes) else value
