"""What is waived, by whose word, why and until when; and the waivers that somebody has to look at."""

from __future__ import annotations

from datetime import datetime

from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from auditor.render.text import line
from tools.model.report import Report, Waived
from tools.model.waiver import Waiver, WaiverUse


def print_waived(report: Report, out: Console) -> None:
    """Print what is waived, by waiver. Nothing where nothing is."""
    if not report.waived:
        return
    told = "  accepted for a time, and not in the exit code"
    out.print(line((f"WAIVED  {len(report.waived)}", "bold blue"), (told, "dim")))
    for use in report.waivers:
        members = [one for one in report.waived if one.by[0] == use.waiver.id]
        if members:
            out.print(
                Padding(line((f"until {until(use.waiver.expires)} ", "bold"), *accepted(use.waiver)), (0, 0, 0, 2))
            )
            _members(members, out)
    out.print()


def print_waivers(report: Report, out: Console) -> None:
    """Print the waivers that expired, expire soon, or had nothing to waive. Nothing where there are none."""
    uses = [use for use in report.waivers if not use.quiet]
    if not uses:
        return
    out.print(line(("WAIVERS TO LOOK AT", "bold yellow"), ("  each stands in auditor.toml", "dim")))
    table = Table.grid(padding=(0, 2), expand=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for use in uses:
        word, told = _standing(use)
        what = line((str(use.waiver), "bold"), f": {told}  ", *accepted(use.waiver))
        table.add_row(line((word, "red" if use.state == "expired" else "yellow")), what)
    out.print(Padding(table, (0, 0, 0, 2)))
    out.print()


def until(moment: datetime) -> str:
    """A moment as people read it, in UTC; seconds only where there are any."""
    return f"{moment:%Y-%m-%d %H:%M:%SZ}" if moment.second or moment.microsecond else f"{moment:%Y-%m-%d %H:%MZ}"


def accepted(waiver: Waiver) -> tuple[tuple[str, str], ...]:
    """Who accepts it and why, as parts of a line."""
    return (f"{waiver.owner}: {waiver.reason}", ""), (f"  [{waiver.id}]", "dim")


def _members(members: list[Waived], out: Console) -> None:
    table = Table.grid(padding=(0, 2), expand=False)
    table.add_column(no_wrap=True, min_width=8)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for one in members:
        finding = one.finding
        part, many = f" {finding.part}" if finding.part else "", len(finding.subjects)
        where = f"{finding.owner}{part}{f' ×{many}' if many > 1 else ''}"
        also = f"  also waived by {', '.join(one.by[1:])}" if one.by[1:] else ""
        told = line((where, "bold"), f": {finding.message}", (f"  [{finding.check}]{also}", "dim"))
        table.add_row(line(finding.severity), line((finding.fingerprint, "dim")), told)
    out.print(Padding(table, (0, 0, 0, 4)))


def _standing(use: WaiverUse) -> tuple[str, str]:
    """How a waiver stands, in a word and in a sentence."""
    end, count = until(use.waiver.expires), len(use.findings)
    findings = f"{count} finding{'s' if count != 1 else ''}"
    if use.state == "expired":
        again = f"{findings} count{'s' if count == 1 else ''} again" if count else use.note or "nothing hangs on it"
        return "expired", f"it ended at {end}; {again}"
    if use.state == "expiring":
        return "expires soon", f"it ends at {end}; {f'{findings} will count again' if count else _unused(use)}"
    return "unused", _unused(use)


def _unused(use: WaiverUse) -> str:
    return use.note or "nothing was found that it is about"
