"""Who uses the lab: test sessions share it, and the last one out takes it down if a session started it.

Each session holds a shared lock while it runs. A lab that a person brought up is left up.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from tests.lab import lifecycle, settings
from tests.lab.basics import locked

_STARTED_BY_TESTS = settings.RUN / "started-by-tests"


def keep_up() -> None:
    """From now on the lab is a person's: sessions leave it up."""
    _STARTED_BY_TESTS.unlink(missing_ok=True)


@contextmanager
def session() -> Iterator[None]:
    """Bring the lab up for as long as the session lasts."""
    settings.HOME.mkdir(parents=True, exist_ok=True)
    with (settings.HOME / "sessions.lock").open("w") as users:
        with locked("start"):
            alone = _no_other_session(users.fileno())
            fcntl.flock(users, fcntl.LOCK_SH)
            if lifecycle.is_down():
                settings.RUN.mkdir(parents=True, exist_ok=True)
                _STARTED_BY_TESTS.touch()
            lifecycle.up(keep_drift=not alone)  # another session's test may have drifted a node just now
        try:
            yield
        finally:
            with locked("start"):
                if _no_other_session(users.fileno()) and _STARTED_BY_TESTS.exists():
                    lifecycle.down()
                    _STARTED_BY_TESTS.unlink(missing_ok=True)


def _no_other_session(file: int) -> bool:
    """Whether no other session holds the shared lock."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
