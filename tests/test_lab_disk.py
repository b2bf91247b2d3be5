"""A disk that is full or read-only while a plan is carried out: what was done is said, and nothing is done unsaid."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.driver.kill_at import Stop
from tests.driver.loop import Loop
from tests.driver.seen import Seen
from tests.lab.cluster import Lab

pytest_plugins = ["tests.driver.fixtures"]
pytestmark = pytest.mark.lab

ACTOR = "auditor-actor"


@pytest.fixture
def disk(granted: Lab, tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own, on which the store is."""
    folder = tmp_path / "home" / "store"
    folder.mkdir(parents=True, mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m,mode=700", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.fixture
def small(granted: Lab, disk: Path) -> Loop:
    """A loop whose store is on the small disk."""
    return Loop(granted, disk.parent)


def fill(disk: Path) -> Path:
    """Fill a disk to its last byte."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return filler


def test_a_full_disk_before_the_intent_lets_nothing_be_written(small: Loop, disk: Path, host: str, seen: Seen) -> None:
    plan = small.approved("--cordon", host)
    filler = fill(disk)
    said = small.execute(plan)
    assert said.code == 1, said
    assert "the disk is full" in said.err
    assert not seen.writes(ACTOR, host)
    filler.unlink()
    assert small.execute(plan).code == 0
    assert len(seen.writes(ACTOR, host)) == 1


@pytest.mark.parametrize("moment", ["effect:before", "done:before", "done:after"])
def test_a_disk_that_fills_after_the_write_is_told_with_what_was_done(
    small: Loop, disk: Path, host: str, seen: Seen, moment: str
) -> None:
    plan = small.approved("--cordon", host)
    running = small.start("execute", plan, stop=Stop(moment, signal.SIGSTOP))
    small.lab.wait("the process to stop before it records its write", lambda: running.stopped() or None)
    filler = fill(disk)
    os.kill(running.pid, signal.SIGCONT)
    said = running.wait()
    assert said.code == 1, said
    found = [told for told in ("was done (written: resourceVersion", "was done, every step of it") if told in said.err]
    assert len(found) == 1, said  # which one hangs on how many pages the journal had left
    assert f"auditor resume {plan['run']}" in said.err
    filler.unlink()
    said = small.resume(plan)
    assert (said.code, small.journal(plan)) == (0, ["intent", "effect", "done"]), said
    assert len(seen.writes(ACTOR, host)) == 1


def test_a_read_only_disk_lets_nothing_be_written(small: Loop, disk: Path, host: str, seen: Seen) -> None:
    plan = small.approved("--cordon", host)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    said = small.execute(plan)
    assert said.code == 1, said
    assert "make its disk writable" in said.err
    assert not seen.writes(ACTOR, host)
