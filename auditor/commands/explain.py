"""`auditor explain [FINDING]`: why it is so, since when, by whom as far as it is known, with citations."""

from __future__ import annotations

from auditor.commands.looking import NO_LOGS, Logs, Looking
from auditor.render.explanation import print_explanation
from auditor.render.text import console, print_json
from auditor.render.timeline import print_timeline
from auditor.store.snapshots import pack
from auditor.store.store import Store
from tools.check import View
from tools.errors import UsageError
from tools.explain import explain as explain_finding
from tools.model.report import Finding, Report
from tools.timeline import timeline_of


def explain(
    finding: str, source: str, kubeconfig: str, config: str, store: str, as_json: bool, logs: Logs = NO_LOGS
) -> int:
    """Explain one finding, with its workload's timeline, or every violation, of the last audit; with a source, of a
    fresh one."""
    report, view = _fresh(source, kubeconfig, config, logs, store) if source or any(logs) else _last(store)
    from tools.catalogue import discover

    checks = {check.id: check for check in discover()}
    chosen = choose(report, finding)
    lines = {owner: timeline_of(owner, view) for owner in dict.fromkeys(f.owner for f in chosen)}
    explained = [(f, explain_finding(f, checks[f.check], lines[f.owner])) for f in chosen]
    timelines = list(lines.values()) if finding else []
    waivers = {use.waiver.id: use.waiver for use in report.waivers}
    by = {one.finding.fingerprint: [waivers[name] for name in one.by] for one in report.waived if one.finding in chosen}
    if as_json:
        told = {"version": 1, "explanations": [e for _, e in explained], "timelines": timelines}
        print_json({**told, "waived": by} if by else told)
        return 0
    out = console()
    for one, explanation in explained:
        print_explanation(one, explanation, out, by.get(one.fingerprint, []) if one.verdict == "violation" else [])
    for timeline in timelines[:1]:
        print_timeline(timeline, out)
    if not explained:
        out.print("the last audit found no violation; auditor audit shows what it could not decide")
    return 0


def choose(report: Report, wanted: str) -> list[Finding]:
    """The findings that a fingerprint (or its beginning) names, waived or not; without one, every violation that
    counts."""
    if not wanted:
        return [f for f in report.findings if f.verdict == "violation"]
    found = [f for f in report.found if f.fingerprint.startswith(wanted)]
    if not found:
        raise UsageError(
            f"no finding {wanted!r} in that report", mend="auditor audit lists them with their fingerprints"
        )
    return found


def _fresh(source: str, kubeconfig: str, config: str, logs: Logs, store: str) -> tuple[Report, View]:
    looking = Looking([source] if source else [], kubeconfig, config, logs)
    packed = pack(looking.facts())
    history = Store(store).history(packed.facts)
    report = looking.report(packed, history)
    return report, View(packed.facts, looking.settings, history)


def _last(store: str) -> tuple[Report, View]:
    kept = Store(store)
    report = kept.runs.load_report(kept.runs.latest().report or "")
    facts = kept.runs.load_facts(report.snapshot)
    return report, View(facts, history=kept.history(facts))
