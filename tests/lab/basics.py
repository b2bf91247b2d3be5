"""What every part of the lab needs: its error, running a command, waiting, writing a file, its lock."""

from __future__ import annotations

import fcntl
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from tests.lab import settings

T = TypeVar("T")


class LabError(Exception):
    """Something the lab could not do; the message says what happened and, where known, what to do."""


class DaemonEnded(LabError):
    """A daemon of the lab has ended by itself: waiting longer is in vain."""


def run(
    argv: Sequence[str | Path],
    *,
    stdin: str | None = None,
    check: bool = True,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> str:
    """Run a command and return its standard output; raise LabError with its standard error when it fails."""
    command = [str(word) for word in argv]
    done = subprocess.run(command, input=stdin, text=True, capture_output=True, env=env, cwd=cwd, check=False)
    if check and done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-2000:]
        raise LabError(f"{Path(command[0]).name} {' '.join(command[1:4])} … failed ({done.returncode}): {said}")
    return done.stdout


def wait(what: str, predicate: Callable[[], T | None], seconds: float, every: float = 0.2) -> T:
    """Call the predicate until it gives something true and return that; raise LabError after `seconds`."""
    end = time.monotonic() + seconds
    last: Exception | None = None
    while True:
        try:
            if value := predicate():
                return value
            last = None
        except DaemonEnded:
            raise
        except (LabError, OSError, LookupError, ValueError) as error:  # not there yet, or not answering yet
            last = error
        if time.monotonic() > end:
            raise LabError(f"waited {seconds:g} s in vain for {what}") from last
        time.sleep(every)


def write(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file whole or not at all, with its mode from the first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")  # several processes write the same file at once
    part.unlink(missing_ok=True)
    part.touch(mode)
    part.write_text(text)
    part.rename(path)


@contextmanager
def locked(name: str = "lab") -> Iterator[None]:
    """Hold the lab's lock of that name, so that no two commands or test workers start or stop it at once."""
    settings.HOME.mkdir(parents=True, exist_ok=True)
    with (settings.HOME / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
