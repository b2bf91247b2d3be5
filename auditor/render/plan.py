"""A plan as its approver sees it: drawn from the plan alone, never from anybody's words about it."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from auditor.render.text import fields, line
from tools.model.plan import Part, Plan, Preview, Reach, short_code


def print_plan(plan: Plan, out: Console) -> None:
    """Print a plan with its diff, what it is bound to, what does not come back, and its short code."""
    out.print(line((f"plan {short_code(plan)}", "bold"), (f"  {plan.id}  run {plan.run}", "dim")))
    rows: list[tuple[str, Text | str]] = [
        *(("action", line((told, "bold"))) for told in _numbered([str(step.action) for step in plan.steps])),
        *(row for part in plan.parts for row in _part(part)),
        ("finding", plan.finding or "none: a person asked for it"),
        ("proposed", f"by {plan.proposer}" if plan.proposer else "by nobody that a cluster knows"),
        ("why", plan.why),
        *(("mind", note) for note in plan.notes),
        *(("bound to", f"{b.ref} ({b.ref.uid}): {b.fields} {b.hash[:12]}") for b in plan.bounds),
        *(
            ("undone by", told)
            for told in _numbered([str(step.inverse) if step.inverse else "nothing" for step in plan.steps])
        ),
    ]
    fields(out, rows)
    for step in plan.steps:
        print_preview(step.preview, out)


def _numbered(texts: list[str]) -> list[str]:
    return [f"{number}. {text}" for number, text in enumerate(texts, 1)] if len(texts) > 1 else texts


def _part(part: Part) -> list[tuple[str, Text | str]]:
    return [("touches", _reach(part.reach)), ("cluster", f"{part.scope_name} ({part.scope})")]


def _reach(reach: Reach) -> str:
    instances = f"{reach.instances} of {reach.instances_total} instances"
    return f"{instances}, {reach.hosts} of {reach.hosts_total} hosts"


def print_preview(preview: Preview, out: Console) -> None:
    """Print a diff, and who computed it."""
    fields(out, [("preview", f"by {preview.by}" + (f": {preview.reason}" if preview.reason else ""))])
    for text in preview.diff.splitlines():
        style = "green" if text.startswith("+") else "red" if text.startswith("-") else "dim"
        out.print(Padding(line((text, style)), (0, 0, 0, 4)))
    out.print()
