"""`auditor audit`: look, check, report."""

from __future__ import annotations

import sys

from auditor.commands.looking import NO_LOGS, Logs, Looking
from auditor.render.report import print_report
from auditor.render.text import console, print_json, safe
from auditor.store.snapshots import pack
from auditor.store.store import Store
from tools.engine import audit as run_checks
from tools.model.identity import Scope


def audit(
    sources: list[str], evidence: bool, kubeconfig: str, config: str, store: str, as_json: bool, logs: Logs = NO_LOGS
) -> int:
    """Audit the sources, keep the report in the store, and print it. The report's exit code."""
    looking = Looking(sources, kubeconfig, config, logs)
    kept = Store(store)
    packed = pack(looking.facts())
    history = kept.history(packed.facts)
    _warn(kept.strangers(packed.facts))
    report = run_checks(packed.facts, packed.id, looking.checks, looking.settings, history)
    kept.keep_audit(looking.named, packed, report)
    if as_json:
        print_json(report)
    else:
        print_report(report, console(), evidence)
    return report.exit_code


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
