"""`auditor runs`: what was run, newest first."""

from __future__ import annotations

from typing import Any

from auditor.render.runs import print_runs
from auditor.render.text import console, print_json
from auditor.store.runs import Run
from auditor.store.store import Store


def runs(limit: int, store: str, as_json: bool) -> int:
    """List the newest runs of the store."""
    kept = Store(store)
    refused = kept.runs.refused()
    rows = [told(run, kept, refused.get(run.id, 0)) for run in kept.runs.newest(limit)]
    if as_json:
        print_json({"version": 1, "runs": rows})
    else:
        print_runs(rows, console())
    return 0


def told(run: Run, store: Store, refusals: int) -> dict[str, Any]:
    """A run in a line: what it was about, how far it came, and what it found, as far as it has a report."""
    summary = store.runs.summary(run.report) if run.report else None
    found = summary.verdicts if summary else {}
    return {
        "id": run.id,
        "at": run.at,
        "source": run.source,
        "scopes": [{"id": number, "name": name} for number, name in summary.scopes] if summary else [],
        "state": run.state,
        "violations": found.get("violation", 0) if summary else None,
        "inconclusive": found.get("inconclusive", 0) if summary else None,
        "waived": summary.waived if summary else None,
        "errors": found.get("error", 0) if summary else None,
        "exit": summary.exit if summary else None,
        "refusals": refusals,
        "plan": run.plan,
        "outcome": run.outcome,
        "snapshot": run.snapshot,
        "report": run.report,
    }
