"""`auditor audit`: look, check, report."""

from __future__ import annotations

import sys

import msgspec

from auditor.commands.looking import NO_LOGS, Logs, Looking
from auditor.render.report import print_report
from auditor.render.since import print_since
from auditor.render.text import console, print_json, safe
from auditor.since import Since, compare
from auditor.store.snapshots import pack
from auditor.store.store import Store
from tools.errors import UsageError
from tools.model.facts import Facts
from tools.model.identity import Scope
from tools.model.report import Report


def audit(
    sources: list[str],
    evidence: bool,
    kubeconfig: str,
    config: str,
    store: str,
    as_json: bool,
    logs: Logs = NO_LOGS,
    since: str = "",
) -> int:
    """Audit the sources, keep the report in the store, and print it; with `since`, also what is other than in that run
    (an id, or `last`). The report's exit code."""
    looking = Looking(sources, kubeconfig, config, logs)
    kept = Store(store)
    if since not in ("", "last"):
        kept.runs.get(since)  # a wrong id is said before the look
    packed = pack(looking.facts())
    before = earlier(since, packed.facts, kept) if since else None
    history = kept.history(packed.facts)
    _warn(kept.strangers(packed.facts))
    report = looking.report(packed, history)
    run = kept.keep_audit(looking.named, packed, report)
    if looking.configured.policy.stops:
        from auditor.policy.looked import note_look

        note_look(run, report, packed.facts, looking.configured.policy, kept)
    other = (compare(before[0], before[1], report) if before else Since(None)) if since else None
    if as_json:
        print_json(report if other is None else {**msgspec.to_builtins(report), "since": other})
    else:
        print_report(report, console(), evidence)
        if other is not None:
            print_since(other, console())
    return report.exit_code


def earlier(run: str, facts: Facts, store: Store) -> tuple[str, Report] | None:
    """The run to compare with, and its report; `last` is the newest one of these very scopes, None where there is none.

    Raises `UsageError` where a named run looked at other scopes, or has no report.
    """
    here = {scope.id for scope in facts.scopes}
    if run == "last":
        for found in store.runs.newest(reported=True):
            if {number for number, _ in store.runs.summary(found.report or "").scopes} == here:
                return found.id, store.runs.load_report(found.report or "")
        return None
    found = store.runs.get(run)
    if not found.report:
        raise UsageError(f"run {run} has no report to compare with", f"it is {found.state}", "auditor runs lists them")
    report = store.runs.load_report(found.report)
    if {scope.id for scope in report.scopes} != here:
        there, named = (", ".join(f"{s.name} ({s.id})" for s in scopes) for scopes in (report.scopes, facts.scopes))
        raise UsageError(f"run {run} is of another scope", f"it looked at {there}; this is {named}", "--since last")
    return run, report


def _warn(strangers: list[Scope]) -> None:
    """Say, beside the report, that what goes by one name may be two clusters."""
    for scope in strangers:
        told = (
            f" warning: nothing that was seen of {scope.name} at its last look is there now, and its own identity is "
            "not known: two clusters may go by this name\n"
            "     why: its fingerprints and its history hang on the name alone\n"
            "      do: grant reading the namespace kube-system, or record it too\n"
        )
        sys.stderr.write("".join(f"{safe(row)}\n" for row in told.splitlines()))
