"""Runs as a table, and one run from its beginning to its end."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from auditor.render.text import fields, line
from tools.model.plan import Approval

STATES = {"done": "green", "failed": "bold red", "refused": "yellow", "executing": "bold yellow"}


def print_runs(rows: list[dict[str, Any]], out: Console) -> None:
    """Print runs, one a row."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for title in ("RUN", "when", "state"):
        table.add_column(title, no_wrap=True)
    waived = any(row["waived"] for row in rows)
    for title in ("viol.", "inconcl.", *(["waived"] if waived else []), "exit", "refused"):
        table.add_column(title, justify="right", no_wrap=True)
    for title in ("scope", "plan, outcome"):
        table.add_column(title, overflow="fold")
    for row in rows:
        numbers = (
            *(row["violations"], row["inconclusive"]),
            *([row["waived"] or None] if waived else []),
            *(row["exit"], row["refusals"] or None),
        )
        plan = f"{row['plan'].removeprefix('p-')[:8]} " if row["plan"] else ""
        table.add_row(
            line((row["id"], "bold")),
            line(row["at"]),
            line((row["state"], STATES.get(row["state"], ""))),
            *(line("·" if number is None else str(number)) for number in numbers),
            line(", ".join(scope["name"] for scope in row["scopes"]) or row["source"]),
            line((plan, "dim"), row["outcome"]),
        )
    out.print(table if rows else "nothing was run yet; auditor audit is the first")


def print_run(row: dict[str, Any], out: Console) -> None:
    """Print what a run was, ahead of its parts."""
    out.print(line((f"run {row['id']}", "bold"), f"  {row['at']}  ", (row["state"], STATES.get(row["state"], ""))))
    pairs = [("source", row["source"]), ("snapshot", row["snapshot"]), ("outcome", row["outcome"])]
    fields(out, [(label, text) for label, text in pairs if text])
    out.print()


def print_acts(
    approvals: list[tuple[Approval | str, str | None]],
    journal: list[tuple[int, str, str, str]],
    refusals: list[tuple[str, str, str]],
    out: Console,
) -> None:
    """Print who approved it, what was done, and what was refused; nothing of what there was none of."""
    if approvals:
        out.print(line(("APPROVALS", "bold")))
        fields(out, [_approval(approval, used) for approval, used in approvals])
    if journal:
        out.print(line(("JOURNAL", "bold")))
        fields(out, [(at, line((f"{state:<7} ", "dim"), detail)) for _, at, state, detail in journal])
    if refusals:
        out.print(line(("REFUSED", "bold yellow")))
        fields(out, [(at, line((f"{code}: ", "bold"), message)) for at, code, message in refusals])


def _approval(approval: Approval | str, used: str | None) -> tuple[str, str]:
    if isinstance(approval, str):
        return approval, "can't be read"
    told = f"{approval.approver} ({approval.how}), {approval.given} to {approval.expires}"
    return approval.id, f"{told}, {f'used {used}' if used else 'not used'}"
