"""An explanation on a terminal: cause, since when and by whom, evidence, and what a person should look at."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from auditor.render.text import fields, line, second
from auditor.render.waivers import accepted, until
from tools.model.explanation import Explanation
from tools.model.report import Finding
from tools.model.waiver import Waiver


def print_explanation(finding: Finding, explanation: Explanation, out: Console, waivers: Sequence[Waiver] = ()) -> None:
    """Print one finding's explanation, and the waivers by which it is waived."""
    out.print(line((f"{finding.fingerprint}  {finding.check}  {finding.severity} {finding.verdict}", "bold")))
    rows: list[tuple[str, Text | str]] = [
        ("what", explanation.cause.text),
        ("since", second(explanation.since)),
        ("by", explanation.by),
    ]
    rows += [("proof", line(claim.text, (f" [{', '.join(claim.evidence)}]", "dim"))) for claim in explanation.claims]
    rows += [("settle", finding.mend)] if finding.mend else []
    rows += [("look", text) for text in explanation.look]
    rows += [("mend", text) for text in explanation.mend]
    rows += [("waived", line(f"until {until(one.expires)} ", *accepted(one))) for one in waivers]
    if not waivers and finding.remedy and finding.verdict == "violation":
        rows.append(("remedy", f"{finding.remedy}: auditor plan {finding.fingerprint}"))
    fields(out, rows)
    out.print()
