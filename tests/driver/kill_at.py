"""Stops the real command line at a named point, from inside its own process: no hooks in the product.

A point is `STEP:before` or `STEP:after`; `STEPS` tells which call of the product each step is. The signal is SIGKILL,
as of a machine that loses its power, or SIGSTOP for a process that hangs and comes back.
"""

from __future__ import annotations

import importlib
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

STEPS = {
    "claim": ("auditor.store.claims", "Claims", "take"),
    "resume": ("auditor.graph", "", "resume"),
    "gate": ("auditor.graph", "", "_gate"),
    "dry-run": ("tools.collect.kubernetes.api", "Api", "patch"),
    "intent": ("auditor.store.journal", "StoreJournal", "intent"),
    "write": ("tools.collect.kubernetes.api", "Api", "patch"),
    "evict": ("tools.collect.kubernetes.api", "Api", "post"),
    "send": ("tools.execute.aws.acting", "Acting", "write"),
    "effect": ("auditor.store.journal", "StoreJournal", "effect"),
    "done": ("auditor.store.journal", "StoreJournal", "done"),
    "execute": ("auditor.stages", "Stages", "execute"),
    "verify": ("auditor.stages", "Stages", "verify"),
    "look": ("tools.collect.kubernetes.live", "", "collect"),
}
"""Each step's module, class (empty: the module itself) and function, in the order in which an execution takes them."""

DRY = {"dry-run": True, "write": False, "evict": False}
"""The steps that are told from others by their argument `dry_run`."""


@dataclass(frozen=True)
class Stop:
    """Where a process stops itself, and how; in which step of its plan, for a point that every step passes."""

    point: str
    signal: signal.Signals = signal.SIGKILL
    step: int = 1


def arm(stop: Stop) -> None:
    """Make this process stop itself at the point. Raises `LookupError` where there is no such point."""
    step, _, when = stop.point.partition(":")
    module_name, class_name, name = STEPS[step]
    if when not in ("before", "after"):
        raise LookupError(stop.point)
    module = importlib.import_module(module_name)
    owner = getattr(module, class_name) if class_name else module
    setattr(owner, name, _stopping(getattr(owner, name), when, DRY.get(step), stop))


def _stopping(call: Callable[..., Any], when: str, dry: bool | None, stop: Stop) -> Callable[..., Any]:
    """The same call; the first one that matches stops the process before or after it."""
    stopped = False

    @wraps(call)
    def stopping(*args: Any, **kwargs: Any) -> Any:
        nonlocal stopped
        here = not stopped and (dry is None or kwargs.get("dry_run", not dry) == dry) and _in_step(args, stop)
        if here and when == "before":
            stopped = True
            os.kill(os.getpid(), stop.signal)
        answer = call(*args, **kwargs)
        if here and when == "after":
            stopped = True
            os.kill(os.getpid(), stop.signal)
        return answer

    return stopping


def _in_step(args: tuple[Any, ...], stop: Stop) -> bool:
    """Whether a call is of the step that is meant: a journal's calls say theirs (`self, plan, step, …`)."""
    return len(args) < 3 or not isinstance(args[2], int) or args[2] == stop.step
