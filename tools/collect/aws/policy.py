"""The least IAM policy that reading needs, derived from the operations that are read."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from tools.collect.aws.operation import Operation
from tools.collect.aws.operations import OPERATIONS


def actions_of(operation: Operation[Any]) -> tuple[str, ...]:
    """The IAM actions that an operation needs."""
    return operation.actions or (f"{operation.service}:{operation.name}",)


def reader_policy(operations: Iterable[Operation[Any]] = OPERATIONS) -> dict[str, Any]:
    """The policy document: a statement for each service. None of these actions writes, and most know no resources that
    they could be narrowed to. (`sts:GetCallerIdentity` needs no permission.)"""
    services: dict[str, set[str]] = defaultdict(set)
    for operation in operations:
        for action in actions_of(operation):
            services[action.partition(":")[0]].add(action)
    statements = [
        {"Sid": f"Read{service.capitalize()}", "Effect": "Allow", "Action": sorted(actions), "Resource": "*"}
        for service, actions in sorted(services.items())
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def text() -> str:
    """The file `deploy/aws/reader-policy.json`."""
    return json.dumps(reader_policy(), indent=2) + "\n"
