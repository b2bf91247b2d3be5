"""`auditor checks [show ID]`: the rules."""

from __future__ import annotations

import sys

from rich.table import Table

from auditor.render.text import console, print_json
from tools.catalogue import discover
from tools.errors import UsageError


def list_checks(as_json: bool) -> int:
    """List every rule with its severity, principle, subject and sentence."""
    rows = [
        {
            "id": c.id,
            "severity": c.severity,
            "principle": c.principle,
            "subject": c.noun.__name__.lower(),
            "blocking": c.blocking,
            "sentence": c.page.splitlines()[0],
        }
        for c in discover()
    ]
    if as_json:
        print_json({"version": 1, "checks": rows})
        return 0
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for title in ("check", "severity", "principle", "subject", "sentence"):
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*(str(row[k]) for k in ("id", "severity", "principle", "subject", "sentence")))
    console().print(table)
    return 0


def show_check(name: str) -> int:
    """Print one rule's page: its module's docstring."""
    known = {check.id: check for check in discover()}
    if name not in known:
        raise UsageError(f"there is no check {name!r}", f"known: {', '.join(sorted(known))}")
    check = known[name]
    blocking = ", blocking" if check.blocking else ""
    sys.stdout.write(f"{check.id} ({check.severity}, {check.principle}{blocking})\n\n{check.page}\n")
    return 0
