"""Reading the shop through the proxy, and what the checks then say, subject by subject."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from auditor.embedded_aws import EmbeddedAws
from tests.aws_proxy import Proxy, proxied
from tests.aws_shop import shop
from tools.catalogue import convert_settings, discover
from tools.check import View
from tools.collect.actors import Actors
from tools.collect.aws.assemble import assemble
from tools.collect.aws.live import read
from tools.collect.aws.options import Options
from tools.collect.aws.session import Connection, connect
from tools.model.facts import Facts
from tools.model.observation import NotApplicable, NotObserved

CHECKS = discover()
SETTINGS = convert_settings(CHECKS, {})


class Shop(msgspec.Struct):
    """The shop: its server, the proxy before it, its ids, and a connection that all readings share."""

    aws: EmbeddedAws
    proxy: Proxy
    ids: dict[str, Any]
    connection: Connection

    def facts(self, connection: Connection | None = None) -> Facts:
        """What is read of it now."""
        used = connection or self.connection
        return assemble(read(used), used.name, Actors(()))

    def options(self, **others: Any) -> Options:
        """How it is asked."""
        return Options(**{"attempts": 1, "paced": False, "endpoint": self.proxy.endpoint, "timeout": 10, **others})


@contextmanager
def environment(aws: EmbeddedAws, **others: str) -> Iterator[pytest.MonkeyPatch]:
    """The environment of somebody who may read the shop, and nothing of the machine's own settings."""
    with pytest.MonkeyPatch.context() as patch:
        given = {**aws.environment(aws.person("auditor")), "AWS_ENDPOINT_URL": "", **others}
        for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN", *given):
            patch.delenv(name, raising=False)
        for name, value in given.items():
            if value:
                patch.setenv(name, value)
        yield patch


@contextmanager
def furnished() -> Iterator[Shop]:
    """The shop, and a proxy before it."""
    with shop() as (aws, ids), proxied(aws.endpoint) as proxy, environment(aws):
        first = Options(attempts=1, paced=False, endpoint=proxy.endpoint, timeout=10)
        yield Shop(aws, proxy, ids, connect(first))


def verdicts(facts: Facts) -> dict[tuple[str, str, str], str]:
    """What every check says of every subject that was seen: by check, subject and part."""
    view, found = View(facts, SETTINGS, None), dict[tuple[str, str, str], str]()
    for check in CHECKS:
        for subject in view.seen(check.noun):
            key = (check.id, subject.ref.key, str(getattr(subject, "name", "")))
            found[key] = _verdict(check, subject, view)
    return found


def _verdict(check: Any, subject: Any, view: View) -> str:
    seen = False
    try:
        for _ in check(subject, view):
            seen = True
    except NotApplicable:
        return "violation" if seen else "not-applicable"
    except NotObserved:
        return "violation" if seen else "inconclusive"
    return "violation" if seen else "pass"
