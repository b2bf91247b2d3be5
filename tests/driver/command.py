"""The real command line in a process of its own, at a tenth of the usual cost.

A server process imports the auditor once, and each command is a fork of it that runs `auditor.main.main()`. So a
command can be started, stopped at a point, killed and waited for like any other process; nothing of it is in pytest's.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.driver import kill_at
from tests.running import Said

IMPORTED = ["auditor.main", "auditor.cli", "auditor.graph", "auditor.stages", "kubernetes.client", "kubernetes.config",
            "auditor.commands.audit", "auditor.commands.plan", "auditor.commands.approve",
            "auditor.commands.execute", "rich.console"]  # fmt: skip
SECONDS = 90.0  # no command of these tests may take longer
_forked = multiprocessing.get_context("forkserver")
_forked.set_forkserver_preload(IMPORTED)


@dataclass(frozen=True)
class Running:
    """A command that was started."""

    process: BaseProcess
    arguments: list[str]
    out: Path
    err: Path

    @property
    def pid(self) -> int:
        assert self.process.pid
        return self.process.pid

    def stopped(self) -> bool:
        """Whether the process stands still (field 3 of /proc/PID/stat)."""
        return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    def wait(self, seconds: float = SECONDS) -> Said:
        """Wait for its end; it must end, and without a traceback. A killed one has a negative exit code."""
        self.process.join(seconds)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()
            raise AssertionError(f"{self.arguments} did not end in {seconds} s: {self.err.read_text()}")
        code = self.process.exitcode
        said = Said(subprocess.CompletedProcess(self.arguments, code, self.out.read_text(), self.err.read_text()))
        assert "Traceback" not in said.err, said
        return said


def start(
    home: Path,
    *arguments: str | Path,
    stop: kill_at.Stop | None = None,
    patience: float = 0,
    environment: dict[str, str] | None = None,
) -> Running:
    """Start a command with its home, store and working directory under `home`.

    `stop` makes it stop itself; `patience` shortens how long a verification waits for what is ending;
    `environment` is set for it besides.
    """
    words = [str(word) for word in arguments]
    number = len(list(home.glob("*.out")))
    out, err = home / f"{os.getpid()}-{number}.out", home / f"{os.getpid()}-{number}.err"
    out.touch(exist_ok=False)
    process = _forked.Process(target=_command, args=(words, home, out, err, stop, patience, environment or {}))
    process.start()
    return Running(process, words, out, err)


def run(
    home: Path,
    *arguments: str | Path,
    stop: kill_at.Stop | None = None,
    patience: float = 0,
    environment: dict[str, str] | None = None,
) -> Said:
    """Start a command and wait for its end."""
    return start(home, *arguments, stop=stop, patience=patience, environment=environment).wait()


def _command(
    arguments: list[str],
    home: Path,
    out: Path,
    err: Path,
    stop: kill_at.Stop | None,
    patience: float,
    environment: dict[str, str],
) -> None:
    for number, path in ((0, Path(os.devnull)), (1, out), (2, err)):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), number)
    sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
    sys.stdin = os.fdopen(0, closefd=False)
    os.environ.pop("KUBECONFIG", None)
    os.environ |= environment
    os.environ |= {"HOME": str(home), "AUDITOR_STORE": str(home / "store" / "store.db")}
    os.chdir(home)
    if stop:
        kill_at.arm(stop)
    if patience:
        from auditor import verification

        verification.PATIENCE = patience
        from tools.execute import eviction

        eviction.TIMEOUT = patience
    from auditor.main import main

    sys.argv = ["auditor", *arguments]
    try:
        main()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
