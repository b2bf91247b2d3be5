"""A plan as its approver sees it: drawn from the plan alone, never from anybody's words about it."""

from __future__ import annotations

from rich.console import Console

from auditor.render.text import line
from tools.model.plan import Plan, Preview, short_code


def print_plan(plan: Plan, out: Console) -> None:
    """Print a plan with its diff, what it is bound to, what does not come back, and its short code."""
    out.print(line((f"plan {short_code(plan)}", "bold"), (f"  {plan.id}  run {plan.run}", "dim")))
    out.print(line(("  action    ", "dim"), (str(plan.action), "bold")))
    out.print(line(("  cluster   ", "dim"), f"{plan.scope_name} ({plan.scope})"))
    out.print(line(("  finding   ", "dim"), plan.finding or "none: a person asked for it"))
    out.print(line(("  why       ", "dim"), plan.why))
    for note in plan.notes:
        out.print(line(("  mind      ", "dim"), note))
    for bound in plan.bounds:
        out.print(line(("  bound to  ", "dim"), f"{bound.ref} ({bound.ref.uid})  {bound.fields}  {bound.hash[:12]}"))
    out.print(line(("  undone by ", "dim"), str(plan.inverse) if plan.inverse else "nothing"))
    print_preview(plan.preview, out)


def print_preview(preview: Preview, out: Console) -> None:
    """Print a diff, and who computed it."""
    out.print(line(("  preview   ", "dim"), f"by {preview.by}", f": {preview.reason}" if preview.reason else ""))
    for text in preview.diff.splitlines():
        style = "green" if text.startswith("+") else "red" if text.startswith("-") else "dim"
        out.print(line("    ", (text, style)), soft_wrap=True)
    out.print()
