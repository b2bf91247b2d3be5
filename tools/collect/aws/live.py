"""Collect from AWS as it answers now: every operation of `operations`, concurrent within what the API allows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tools.collect.actors import Actors
from tools.collect.aws import statements
from tools.collect.aws.answers import Answers
from tools.collect.aws.assemble import assemble
from tools.collect.aws.call import Answer, Pace, call
from tools.collect.aws.changes.trail import trail
from tools.collect.aws.narrow import narrow
from tools.collect.aws.operation import Operation
from tools.collect.aws.operations import ASKED, OPERATIONS
from tools.collect.aws.options import Options
from tools.collect.aws.session import Connection, connect
from tools.collect.trust import TrustedKey
from tools.model.facts import Facts

AT_A_TIME = 4
"""How many requests of one service are under way at a time: EC2 and Auto Scaling refill their buckets of describing
calls by the account and region, and others read there too."""

Progress = Callable[[str], None]
Waiting = list[tuple[dict[str, Any], "Future[Answer[Any]]"]]


def collect(
    options: Options,
    actors: Actors,
    progress: Progress = lambda _: None,
    log: Iterable[Path] = (),
    since: str = "",
    until: str = "",
    keys: tuple[TrustedKey, ...] = (),
) -> Facts:
    """The facts of one account and region now. What could not be read is in `gaps`; raises `SourceError` only where
    nobody knows who asks. `log` are the files of its trail, and the interval that they are declared to cover,
    `keys` those whose signature of a statement counts."""
    connection = connect(options)
    answers = read(connection, progress)
    statements.add(answers, options.statements)
    progress("putting together what was read")
    files = trail(log, since, until, lambda: connection.client("s3")) if log else None
    return assemble(answers, connection.name, actors, files, keys=keys)


def read(connection: Connection, progress: Progress = lambda _: None) -> Answers:
    """Ask every operation. What is asked as a whole goes first, at once; then, in order, what others named. One that
    has to wait for its rate goes on beside the others, and nothing is asked from its answers."""
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    answers = Answers(connection.account, connection.region, moment)
    asking = _Asking(connection, answers)
    try:
        progress("reading " + ", ".join(sorted({operation.service for operation in OPERATIONS})))
        whole = [(operation, asking.submit(operation, [{}])) for operation in OPERATIONS if not operation.each]
        for operation, waiting in whole:
            asking.keep(operation, waiting)
        slow = []
        for operation in (operation for operation in OPERATIONS if operation.each):
            progress(f"reading {operation.service} {operation.name}")
            waiting = asking.submit(operation, ASKED[operation.key](answers))
            if operation.rate:
                slow.append((operation, waiting))
            else:
                asking.keep(operation, waiting)
        for operation, waiting in slow:
            progress(f"reading {operation.service} {operation.name}, {operation.rate:g} a second")
            asking.keep(operation, waiting)
    finally:
        asking.end()
    return answers


class _Asking:
    """Calls under way: a small pool for each service."""

    def __init__(self, connection: Connection, answers: Answers) -> None:
        self._connection = connection
        self._answers = answers
        self._pools: dict[str, ThreadPoolExecutor] = {}

    def submit(self, operation: Operation[Any], asked: Iterable[dict[str, Any]]) -> Waiting:
        """Begin the calls of an operation."""
        rate = operation.rate if self._connection.options.paced else 0
        pace = Pace(rate) if rate else None
        # what has to wait for its rate waits in a pool of its own, else nothing else of its service would move
        pool = self._pool(operation.key if pace else operation.service)
        client = self._connection.client(operation.service)
        narrow(client, operation)
        return [(one, pool.submit(call, client, operation, one, pace)) for one in asked]

    def keep(self, operation: Operation[Any], waiting: Waiting) -> None:
        """Wait for the calls of an operation, and keep what they gave, in their order."""
        whole = True
        for _, future in waiting:
            answer = future.result()
            self._answers.add(operation, answer.items)
            self._answers.failures += answer.failures
            whole = whole and not answer.failures
        if whole:
            self._answers.whole.add(operation.key)

    def end(self) -> None:
        """Let go of what has not begun."""
        for pool in self._pools.values():
            pool.shutdown(wait=True, cancel_futures=True)

    def _pool(self, name: str) -> ThreadPoolExecutor:
        if name not in self._pools:
            self._pools[name] = ThreadPoolExecutor(AT_A_TIME, thread_name_prefix=f"aws-{name}")
        return self._pools[name]
