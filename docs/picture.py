"""Draws docs/audit.svg: the terminal as it is after auditing the demonstration fleet. `make picture` runs it."""

from __future__ import annotations

import io
import re
from pathlib import Path

from rich.console import Console

from auditor.commands.demo import RECORDING
from auditor.commands.looking import Looking
from auditor.render.report import print_report
from tools.engine import audit

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Audit the recording and write what a terminal of 120 columns shows."""
    looking = Looking([str(RECORDING)], "", str(RECORDING / "auditor.toml"))
    facts = looking.facts()
    report = audit(facts, looking.snapshot_id(facts), looking.checks, looking.settings)
    out = Console(record=True, width=120, file=io.StringIO(), force_terminal=True, highlight=False)
    print_report(report, out)
    drawn = out.export_svg(title="auditor audit", unique_id="audit")
    drawn = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)  # no font is fetched from anywhere
    (HERE / "audit.svg").write_text(drawn.replace("Fira Code", "monospace"), encoding="utf-8")


if __name__ == "__main__":
    main()
