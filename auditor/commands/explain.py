"""`auditor explain [FINDING]`: why it is so, since when, by whom as far as it is known, with citations."""

from __future__ import annotations

from auditor.commands.looking import Looking
from auditor.render.explanation import print_explanation
from auditor.render.text import console, print_json
from auditor.store.store import Store
from tools.engine import audit as run_checks
from tools.errors import UsageError
from tools.explain import explain as explain_finding
from tools.model.report import Finding, Report


def explain(finding: str, source: str, kubeconfig: str, config: str, store: str, as_json: bool) -> int:
    """Explain one finding, or every violation, of the last audit; with a source, of a fresh one."""
    looking = Looking([source] if source else [], kubeconfig, config) if source else None
    report = _fresh(looking) if looking else _last(store)
    from tools.catalogue import discover

    checks = {check.id: check for check in discover()}
    chosen = choose(report, finding)
    explained = [(f, explain_finding(f, checks[f.check])) for f in chosen]
    if as_json:
        print_json({"version": 1, "explanations": [e for _, e in explained]})
        return 0
    out = console()
    for one, explanation in explained:
        print_explanation(one, explanation, out)
    if not explained:
        out.print("the last audit found no violation; auditor audit shows what it could not decide")
    return 0


def choose(report: Report, wanted: str) -> list[Finding]:
    """The findings that a fingerprint (or its beginning) names; without one, every violation."""
    if not wanted:
        return [f for f in report.findings if f.verdict == "violation"]
    found = [f for f in report.findings if f.fingerprint.startswith(wanted)]
    if not found:
        raise UsageError(
            f"no finding {wanted!r} in that report", mend="auditor audit lists them with their fingerprints"
        )
    return found


def _fresh(looking: Looking) -> Report:
    facts = looking.facts()
    return run_checks(facts, looking.snapshot_id(facts), looking.checks, looking.settings)


def _last(store: str) -> Report:
    runs = Store(store).runs
    return runs.load_report(runs.latest().report or "")
