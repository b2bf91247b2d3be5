"""The report as a table: worst first, by workload, one line a finding; coverage and gaps at the end."""

from __future__ import annotations

from itertools import groupby

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from auditor.render.text import NARROW, line, safe, second
from auditor.render.waivers import print_waived, print_waivers
from tools.model.identity import Scope
from tools.model.report import Evidence, Finding, Report, Verdict

STYLES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan"}
TITLES: dict[Verdict, tuple[str, str]] = {
    "violation": ("VIOLATIONS", "bold red"),
    "error": ("CHECKS THAT FAILED", "bold magenta"),
    "inconclusive": ("INCONCLUSIVE", "bold yellow"),
}


def print_report(report: Report, out: Console, evidence: bool = False) -> None:
    """Print a whole report; with `evidence`, each finding's evidence below its line."""
    _head(report, out)
    for verdict, (title, style) in TITLES.items():
        findings = [f for f in report.findings if f.verdict == verdict]
        if findings:
            short = verdict == "inconclusive" and not evidence
            out.print(
                line((f"{title}  {len(findings)}", style), ("  auditor audit -e shows each" if short else "", "dim"))
            )
            if short:
                _undecided(findings, out)
            else:
                _findings(findings, out, evidence)
    print_waived(report, out)
    print_waivers(report, out)
    _coverage(report, out)
    _gaps(report, out)
    _foot(report, out)


def _head(report: Report, out: Console) -> None:
    counts = report.counts
    for scope in report.scopes:
        kind = "recording" if scope.recorded else _what(scope)
        out.print(
            line(
                (f"{kind} {scope.name}", "bold"),
                f"  {scope.id}  at {scope.moment or report.moment}  snapshot {report.snapshot}",
            )
        )
    seen = ("workload", "release", "instance", "container", "host")
    out.print(line((", ".join(f"{counts[noun]} {noun}{'s' if counts[noun] != 1 else ''}" for noun in seen), "dim")))
    out.print()


def _what(scope: Scope) -> str:
    return "account" if scope.kind == "aws" else "cluster"


def _findings(findings: list[Finding], out: Console, evidence: bool) -> None:
    for _, group in groupby(_by_owner(findings), key=lambda f: f.owner.key):
        members = list(group)
        out.print(line((f"  {members[0].owner}", "bold")))
        table = _grid()
        for finding in members:
            table.add_row(*_row(finding))
            for item in finding.evidence if evidence else ():
                table.add_row("", "", _quoted(item))
            if evidence and finding.mend:
                table.add_row("", "", line(("to settle it: ", "dim"), finding.mend))
        out.print(Padding(table, (0, 0, 0, 4)))
    out.print()


def _undecided(findings: list[Finding], out: Console) -> None:
    """Inconclusive findings in short: one line for each check and reason, with where it first is."""
    table = _grid()
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.check, finding.code), []).append(finding)
    for (check, code), members in groups.items():
        more = f" and {len(members) - 1} more" if len(members) > 1 else ""
        told = members[0].message if len(members) == 1 else code
        where = f"{members[0].owner}{more}"
        table.add_row(line((members[0].fingerprint, "dim")), check, line((where, "bold"), f": {told}"))
    out.print(Padding(table, (0, 0, 0, 2)))
    out.print()


def _grid() -> Table:
    table = Table.grid(padding=(0, 2), expand=False)
    table.add_column(no_wrap=True, min_width=8)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _by_owner(findings: list[Finding]) -> list[Finding]:
    """Findings by owner, the owner with the worst one first; within an owner, worst first."""
    first: dict[str, int] = {}
    for index, finding in enumerate(findings):
        first.setdefault(finding.owner.key, index)
    return sorted(findings, key=lambda f: first[f.owner.key])


def _row(finding: Finding) -> tuple[Text, ...]:
    count = f" ×{len(finding.subjects)}" if len(finding.subjects) > 1 else ""
    since = f" since {second(finding.since)}" if finding.since else ""
    one = finding.subjects[0].name
    where = f" in {one}" if len(finding.subjects) == 1 and one not in (finding.owner.name, "") else ""
    what = f"{finding.part}{count}{where}: " if finding.part else f"{count.strip()} " if count else ""
    return (
        line((finding.severity, STYLES[finding.severity])),
        line((finding.fingerprint, "dim")),
        line(what + finding.message, (f"{since}  [{finding.check}]", "dim")),
    )


def _quoted(evidence: Evidence) -> Text:
    place = f"{evidence.ref} {evidence.pointer or evidence.field}"
    return line((f"{evidence.id} ", "dim"), (f"{place} = ", "dim"), f"{evidence.value!r}")


def _coverage(report: Report, out: Console) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("COVERAGE", style="bold", no_wrap=True)
    long, short = (
        ("passed", "violations", "inconclusive", "n/a", "errors"),
        ("pass", "viol.", "inconcl.", "n/a", "err."),
    )
    for title in short if out.width < NARROW else long:
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("not seen")
    for row in report.coverage:
        unseen = row.unseen or ("" if row.examined else f"no {row.noun} was there to examine")
        numbers = (row.passed, row.violations, row.inconclusive, row.not_applicable, row.errors)
        table.add_row(row.check, *(str(n) if n else "·" for n in numbers), Text(safe(unseen), "yellow"))
    out.print(table)
    for within in sorted({row.within for row in report.coverage if row.within}):
        watched = ", ".join(row.check for row in report.coverage if row.within == within)
        out.print(line((f"a pass of {watched} says: {within}", "dim")))
    out.print()


def _gaps(report: Report, out: Console) -> None:
    if not report.gaps and all(scope.stable for scope in report.scopes):
        return
    out.print(line(("GAPS", "bold"), ("  what could not be seen, and so is in no pass above", "dim")))
    for scope in report.scopes:
        if not scope.stable:
            own = f"the {_what(scope)}'s own identity is not known"
            out.print(line(f"  fingerprints here hang on the name {scope.name!r}: {own}"))
    table = Table.grid(padding=(0, 2), expand=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for gap in (gap for gap in report.gaps if gap.code != "not-recorded" or gap.required):
        mark = ("required", "yellow") if gap.required else ("noted", "dim")
        table.add_row(line(mark), line(gap.reason, (f"  → {gap.mend}" if gap.mend else "", "dim")))
    missing = [gap for gap in report.gaps if gap.code == "not-recorded" and not gap.required]
    kinds = sorted({gap.kind or gap.noun for gap in missing} - {""})
    if kinds:
        table.add_row(
            line(("noted", "dim")), line(f"not recorded: {', '.join(kinds)}", ("  → record these too", "dim"))
        )
    out.print(Padding(table, (0, 0, 0, 2)))
    out.print()


def _foot(report: Report, out: Console) -> None:
    totals = {v: sum(1 for f in report.findings if f.verdict == v) for v in TITLES}
    if report.empty:
        out.print(line(("nothing was examined: no instance was seen", "bold yellow")))
    parts = [
        f"{totals['violation']} violation{'s' if totals['violation'] != 1 else ''}",
        f"{totals['inconclusive']} inconclusive",
        *([f"{totals['error']} failed checks"] if totals["error"] else []),
        *([f"{len(report.waived)} waived"] if report.waived else []),
    ]
    worst = next((f for f in report.findings if f.verdict == "violation"), None)
    hint = f"  next: auditor explain {worst.fingerprint}" if worst else ""
    style = "bold red" if totals["violation"] else "bold yellow" if report.exit_code else "bold green"
    out.print(line((", ".join(parts), style), (hint, "dim"), (f"  exit {report.exit_code}", "dim")))
