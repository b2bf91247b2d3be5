"""What is new, gone and changed since an earlier run, one line a finding."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from auditor.render.text import line
from auditor.render.waivers import until
from auditor.since import Changed, Since
from tools.model.report import Finding


def print_since(since: Since, out: Console) -> None:
    """Print the differences; where there are none, that."""
    if since.run is None:
        out.print(line(("SINCE", "bold"), "  no earlier run of this scope to compare with"))
        return
    counts = f"{len(since.new)} new, {len(since.gone)} gone, {len(since.changed)} changed"
    counts += f", {len(since.waived)} waived now" if since.waived else ""
    counts += f", {len(since.unwaived)} no longer waived" if since.unwaived else ""
    out.print(line((f"SINCE {since.run}", "bold"), f"  {counts}"))
    if since.other_settings:
        out.print(line(("  that run judged by other settings: what is gone may only be asked otherwise", "yellow")))
    table = Table.grid(padding=(0, 2), expand=False)
    for _ in range(3):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for word, style, findings in (("new", "red", since.new), ("gone", "green", since.gone)):
        for finding in findings:
            _row(table, (word, style), finding, finding.message)
    for changed in since.changed:
        _row(table, ("changed", "yellow"), changed.finding, _told(changed))
    for word, style, moved in (("waived", "blue", since.waived), ("unwaived", "red", since.unwaived)):
        for one in moved:
            by = one.by[0]
            told = f"until {until(by.expires)} by {by.owner}: {by.reason}; {one.finding.message}"
            _row(table, (word, style), one.finding, told if word == "waived" else f"it was {told}")
    if table.row_count:
        out.print(Padding(table, (0, 0, 0, 2)))


def _row(table: Table, word: tuple[str, str], finding: Finding, told: str) -> None:
    where = f"{finding.owner}{f' {finding.part}' if finding.part else ''}"
    table.add_row(
        line(word),
        line((finding.fingerprint, "dim")),
        line(finding.verdict if finding.verdict != "violation" else finding.severity),
        line((where, "bold"), f": {told}", (f"  [{finding.check}]", "dim")),
    )


def _told(changed: Changed) -> str:
    """`severity was medium; subjects were 3, are 1`."""
    parts = []
    for name in changed.what:
        was = changed.was[name]
        if name == "subjects":
            now = changed.finding.subjects
            fresh = len(set(now) - set(was))
            parts.append(f"subjects were {len(was)}, are {len(now)}" + (f" ({fresh} of them others)" if fresh else ""))
        elif name == "evidence":
            parts.append(_evidence(was, changed.finding))
        else:
            parts.append(f"{name} was {was}, is {getattr(changed.finding, name)}")
    return "; ".join(parts)


def _evidence(was: list[tuple[object, str, object]], finding: Finding) -> str:
    """The first value that is other than it was, and how many more are."""
    before = {(ref, field): value for ref, field, value in was}
    other = [e for e in finding.evidence if before.get((e.ref, e.field), e.value) != e.value]
    if not other:
        return "other evidence"
    first, more = other[0], f" and {len(other) - 1} more" if len(other) > 1 else ""
    return f"{first.field} was {before[first.ref, first.field]!r}, is {first.value!r}{more}"
