"""A timeline on a terminal: one line for each thing that happened, newest last, and no more than a screen of them."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from auditor.render.text import line, second
from tools.model.timeline import Entry, Timeline

LINES = 16
"""How many entries are shown: the newest, and all alarming ones first."""


def print_timeline(timeline: Timeline, out: Console) -> None:
    """Print one timeline."""
    if not timeline.entries and not timeline.unseen:
        return
    out.print(line((f"TIMELINE  {timeline.owner}", "bold")))
    shown = chosen(timeline.entries)
    table = Table.grid(padding=(0, 2), expand=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for entry in shown:
        ids = ", ".join(item.id for item in entry.evidence[:1])
        style = "bold red" if entry.alarming else ""
        times = f" ×{entry.count} until {second(entry.last)}" if entry.count > 1 else ""
        who = f"{entry.who} " if entry.who else ""
        mark = line(("audit log" if _logged(entry) else "claimed" if entry.standing == "reported" else "", "dim"))
        table.add_row(
            line((second(entry.time) or "time unknown", "dim")),
            mark,
            line((who, "bold"), (entry.what + times, style), (f"  {ids}", "dim")),
        )
    out.print(Padding(table, (0, 0, 0, 2)))
    hidden = len(timeline.entries) - len(shown)
    if hidden:
        out.print(line((f"  and {hidden} earlier; --json shows all", "dim")))
    if timeline.unseen:
        out.print(line(("  there may be more: ", "yellow"), timeline.unseen))
    out.print()


def chosen(entries: tuple[Entry, ...]) -> list[Entry]:
    """At most a screen of entries, in their order: what is alarming before what is not, the newest before the older."""
    ranked = sorted(range(len(entries)), key=lambda i: (not entries[i].alarming, -i))
    return [entries[i] for i in sorted(ranked[:LINES])]


def _logged(entry: Entry) -> bool:
    return entry.standing == "verified" and bool(entry.who)
