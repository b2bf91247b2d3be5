"""The command line as a person meets it: in a process of its own, with a home and a store of its own."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

TIMEOUT = 60


class Said:
    """What a run of the command line said: its exit code and both its streams."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr

    @property
    def report(self) -> dict[str, Any]:
        """Standard output as JSON."""
        read: dict[str, Any] = json.loads(self.out)
        return read

    @property
    def first(self) -> str:
        """The first line on standard error."""
        return self.err.splitlines()[0] if self.err else ""

    def __repr__(self) -> str:
        return f"exit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


def obey_file_modes() -> None:
    """Drop what lets root read and write every file (CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH), from the next exec on;
    another user has neither, and needs nothing dropped."""
    libc = ctypes.CDLL(None)
    for capability in (1, 2):
        libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP


def auditor(home: Path, *arguments: str | Path, obedient: bool = False, **environment: str) -> Said:
    """Run `python -m auditor` with HOME and AUDITOR_STORE under `home`; `obedient`: file modes hold for root too."""
    clean = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV")}
    clean |= {"HOME": str(home), "AUDITOR_STORE": str(home / "store" / "store.db"), "PYTHONDONTWRITEBYTECODE": "1"}
    clean["PYTHONPATH"] = str(Path(__file__).parents[1])  # these very sources, wherever others are installed
    done = subprocess.run(
        [sys.executable, "-m", "auditor", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**clean, **environment},
        cwd=home,
        timeout=TIMEOUT,
        preexec_fn=obey_file_modes if obedient else None,
        check=False,
    )
    said = Said(done)
    assert "Traceback" not in said.err, said
    return said
