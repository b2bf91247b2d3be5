"""An explanation on a terminal: cause, since when and by whom, evidence, and what a person should look at."""

from __future__ import annotations

from rich.console import Console

from auditor.render.text import line
from tools.model.explanation import Explanation
from tools.model.report import Finding


def print_explanation(finding: Finding, explanation: Explanation, out: Console) -> None:
    """Print one finding's explanation."""
    out.print(line((f"{finding.fingerprint}  {finding.check}  {finding.severity} {finding.verdict}", "bold")))
    out.print(line(("  what   ", "dim"), explanation.cause.text))
    out.print(line(("  since  ", "dim"), explanation.since))
    out.print(line(("  by     ", "dim"), explanation.by))
    for claim in explanation.claims:
        out.print(line(("  proof  ", "dim"), claim.text, (f"  [{', '.join(claim.evidence)}]", "dim")))
    if finding.mend:
        out.print(line(("  settle ", "dim"), finding.mend))
    for item in explanation.look:
        out.print(line(("  look   ", "dim"), item))
    if finding.remedy and finding.verdict == "violation":
        out.print(line(("  remedy ", "dim"), f"{finding.remedy}: auditor plan {finding.fingerprint}"))
    out.print()
