"""Ctrl-C while a plan is carried out: the first stops between two steps, the second at once (a resume goes on)."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from tools.execute.carry_out import Standing

WIDTH = 20
_PERCENT = re.compile(r"\b(\d{1,3}) %")
ASKED = b"stopping after this step; ctrl-C again stops at once, and auditor resume goes on\n"


@contextmanager
def stopping(say: Callable[[str], None]) -> Iterator[Callable[[], bool]]:
    """Yield what tells whether to stop before the next step."""
    asked = False

    def ask(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        say("")
        os.write(sys.stderr.fileno(), ASKED)  # a line that the next progress does not replace

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)


def bar(now: Standing) -> str:
    """Where an execution stands, as one line with a bar of its steps and, where it tells a percentage (an instance
    refresh does), of how far this one is."""
    told = _PERCENT.search(now.detail)
    done = now.step - 1 + (min(int(told[1]), 100) / 100 if told else 0)
    full = int(WIDTH * done / now.steps)
    return f"[{'█' * full}{'·' * (WIDTH - full)}] step {now.step} of {now.steps}: {now.detail}"
