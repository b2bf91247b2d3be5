"""Draws docs/demo.svg: what `auditor demo --yes` shows on a terminal of 120 columns, with ⋮ where rows are left out.

python docs/picture.py
"""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

HERE = Path(__file__).resolve().parent
COLUMNS = 120
SHOWN: dict[str, tuple[tuple[str, int], ...]] = {
    "a shop": (("", 9),),
    "1": (("", 8), ("  AutoScalingGroup/checkout", 15)),
    "2": (("", 2), ("the server below it", 14)),
    "3": (("", 8),),
    "4": (("", 2), ("plan ", 4), ("  preview", 10)),
    "5": (("", 99),),
    "6": (("", 99),),
    "7": (("", 99),),
    "8": (("", 9),),
}
"""Of each part, by its number: which rows are drawn, as many from the first on that begins so."""


def main() -> None:
    """Run the demonstration on a terminal of its own, and draw what it showed."""
    out = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, highlight=False)
    for row in _chosen([Text.from_ansi(row) for row in _rows(_run())]):
        out.print(row, soft_wrap=True)
    drawn = out.export_svg(title="make demo", unique_id="demo")
    drawn = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)  # no font is fetched from anywhere
    (HERE / "demo.svg").write_text(drawn.replace("Fira Code", "monospace"), encoding="utf-8")


def _run() -> str:
    """What the demonstration writes to a terminal, with its colours."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    argv = [sys.executable, "-m", "auditor", "demo", "--yes"]
    env = {**os.environ, "TERM": "xterm-256color"}
    demo = subprocess.Popen(argv, stdin=theirs, stdout=theirs, stderr=theirs, env=env)
    os.close(theirs)
    written = b""
    try:
        while more := os.read(ours, 65536):
            written += more
    except OSError:  # it has ended, and closed its side
        pass
    os.close(ours)
    if demo.wait():
        sys.exit(f"auditor demo ended with {demo.returncode}")
    return written.decode()


def _rows(written: str) -> Iterator[str]:
    """The rows as they stood in the end; of the progress, which is written over and over, how it stood at 75 %."""
    for row in written.replace("\r\n", "\n").split("\n"):
        states = row.split("\r\x1b[2K")
        yield from [state for state in states if " 75 %" in state][:1]
        yield states[-1]


def _chosen(rows: list[Text]) -> Iterator[Text]:
    """The rows that are drawn."""
    parts: list[list[Text]] = [[]]
    for row in rows:
        if row.plain.startswith("━━"):
            parts.append([])
        parts[-1].append(row)
    for part, shown in zip(parts, SHOWN.values(), strict=True):
        end = 0
        for begins, count in shown:
            start = next(i for i in range(end, len(part)) if part[i].plain.startswith(begins))
            if start > end:
                yield Text("  ⋮", style="dim")
            end = min(start + count, len(part))
            yield from part[start:end]
        if any(row.plain.strip() for row in part[end:]):
            yield Text("  ⋮", style="dim")
            yield Text()


if __name__ == "__main__":
    main()
