"""Runs as a table, and one run from its beginning to its end."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.segment import Segment, Segments
from rich.table import Table
from rich.text import Text

from auditor.render.text import NARROW, fields, line
from tools.model.plan import Approval

STATES = {"done": "green", "failed": "bold red", "refused": "yellow", "executing": "bold yellow"}


def print_runs(rows: list[dict[str, Any]], out: Console) -> None:
    """Print runs, one a row; where the terminal is narrow, what each was about stands below it."""
    wide = out.width >= NARROW
    table = Table(box=None, padding=(0, 2 if wide else 1, 0, 0), pad_edge=False)
    for title in ("RUN", "when", "state"):
        table.add_column(title, no_wrap=True)
    waived = any(row["waived"] for row in rows)
    for title in ("viol.", "inconcl.", *(["waived"] if waived else []), "exit", "refused"):
        table.add_column(title, justify="right", no_wrap=True)
    for title in ("scope", "plan, outcome") if wide else ():
        table.add_column(title, overflow="fold")
    for row in rows:
        numbers = (
            *(row["violations"], row["inconclusive"]),
            *([row["waived"] or None] if waived else []),
            *(row["exit"], row["refusals"] or None),
        )
        table.add_row(
            line((row["id"], "bold")),
            line(row["at"]),
            line((row["state"], STATES.get(row["state"], ""))),
            *(line("·" if number is None else str(number)) for number in numbers),
            *(_about(row) if wide else ()),
        )
    if not rows:
        out.print("nothing was run yet; auditor audit is the first")
    elif wide:
        out.print(table)
    else:
        _print_two_lined(table, rows, out)


def _about(row: dict[str, Any]) -> tuple[Text, Text]:
    plan = f"{row['plan'].removeprefix('p-')[:8]} " if row["plan"] else ""
    scope = ", ".join(scope["name"] for scope in row["scopes"]) or row["source"]
    return line(scope), line((plan, "dim"), row["outcome"])


def _print_two_lined(table: Table, rows: list[dict[str, Any]], out: Console) -> None:
    """Print the lines of a table, each with what its run was about below it."""
    head, *lines = out.render_lines(table, pad=False)
    out.print(Segments([*head, Segment.line()]), end="")
    for row, segments in zip(rows, lines, strict=True):
        out.print(Segments([*segments, Segment.line()]), end="")
        scope, outcome = _about(row)
        out.print(Padding(Text("  ").join([scope, outcome]) if outcome else scope, (0, 0, 0, 11)))


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
