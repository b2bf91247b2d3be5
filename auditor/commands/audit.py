"""`auditor audit`: look, check, report."""

from __future__ import annotations

from auditor.commands.looking import Looking
from auditor.render.report import print_report
from auditor.render.text import console, print_json
from auditor.store.store import Store
from tools.engine import audit as run_checks


def audit(sources: list[str], evidence: bool, kubeconfig: str, config: str, store: str, as_json: bool) -> int:
    """Audit the sources, keep the report in the store, and print it. The report's exit code."""
    looking = Looking(sources, kubeconfig, config)
    kept = Store(store)
    facts = looking.facts()
    report = run_checks(facts, looking.snapshot_id(facts), looking.checks, looking.settings)
    run = kept.runs.begin(looking.named)
    kept.runs.update(run, snapshot=kept.runs.save_facts(facts), report=kept.runs.save_report(report), state="audited")
    if as_json:
        print_json(report)
    else:
        print_report(report, console(), evidence)
    return report.exit_code
