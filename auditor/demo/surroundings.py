"""What of the machine's environment the demonstration sees: no settings of AWS, no proxy, no home, and one caller."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

OTHERS = ("AWS_", "BOTO_", "MOTO_")
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Hide the machine's AWS settings, proxies and home folder (with its `.aws`), and bring them back at the end."""
    kept = {name: value for name, value in os.environ.items() if not _strange(name)}
    with _environment(kept | {"HOME": str(home), "KUBECONFIG": os.devnull}):
        yield


@contextmanager
def as_caller(variables: Mapping[str, str]) -> Iterator[None]:
    """Call AWS by these variables, as `EmbeddedAws.environment` gives them."""
    with _environment({**os.environ, **variables}):
        yield


@contextmanager
def ending_well() -> Iterator[None]:
    """Let a request to end (SIGTERM, SIGHUP) unwind what was begun, as ctrl-C does, so that nothing is left."""
    before = {number: signal.signal(number, _leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def stopped_behind() -> Iterator[None]:
    """Where ctrl-C came meanwhile and was put off (an execution finishes its step), let it come at the end."""
    heard, told = socket.socketpair()
    with heard, told:
        heard.setblocking(False)
        told.setblocking(False)
        before = signal.set_wakeup_fd(told.fileno())
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
        with suppress(BlockingIOError):
            if signal.SIGINT in heard.recv(64):
                raise KeyboardInterrupt


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _strange(name: str) -> bool:
    return name.startswith(OTHERS) or name.lower() in PROXIES


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    _put(wanted)
    try:
        yield
    finally:
        _put(before)


def _put(wanted: Mapping[str, str]) -> None:
    for name in os.environ.keys() - wanted.keys():
        del os.environ[name]
    os.environ.update(wanted)
