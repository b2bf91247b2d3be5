"""`auditor show RUN`: what one run was, from the report that it made to what was done and refused in it."""

from __future__ import annotations

from typing import Any

from auditor.commands.runs import told
from auditor.render.plan import print_plan
from auditor.render.report import print_report
from auditor.render.runs import print_acts, print_run
from auditor.render.text import console, line, print_json
from auditor.store.journal import journal_lines
from auditor.store.store import Store
from tools.errors import Refused
from tools.model.plan import Approval, Plan


def show(run: str, evidence: bool, store: str, as_json: bool) -> int:
    """Show a run, by its id or `last`. Nothing is recorded by that."""
    kept = Store(store)
    run = kept.runs.latest().id if run == "last" else run
    found = kept.runs.get(run)
    refusals = kept.runs.refusals(run)
    report = kept.runs.load_report(found.report) if found.report else None
    plan = _plan(run, kept) if found.plan else None
    approvals = kept.approvals.of(run)
    journal = journal_lines(kept.database, found.plan) if found.plan else []
    row = told(found, kept, len(refusals))
    if as_json:
        print_json(
            {
                "version": 1,
                "run": row,
                "report": report,
                "plan": plan if isinstance(plan, Plan) else None,
                "plan_error": str(plan) if isinstance(plan, Refused) else "",
                "approvals": [_plain(approval, used) for approval, used in approvals],
                "journal": [dict(zip(("step", "at", "state", "detail"), entry, strict=True)) for entry in journal],
                "refusals": [dict(zip(("at", "code", "message"), entry, strict=True)) for entry in refusals],
            }
        )
        return 0
    out = console()
    print_run(row, out)
    if report is not None:
        print_report(report, out, evidence)
    if isinstance(plan, Plan):
        print_plan(plan, out)
    elif plan is not None:
        out.print(line(("PLAN  ", "bold red"), f"{plan.message}: {plan.cause}"))
    print_acts(approvals, journal, refusals, out)
    return 0


def _plan(run: str, store: Store) -> Plan | Refused:
    try:
        return store.runs.read_plan(run)
    except Refused as edited:
        return edited


def _plain(approval: Approval | str, used: str | None) -> dict[str, Any]:
    if isinstance(approval, str):
        return {"id": approval, "approval": None, "used": used}
    return {"id": approval.id, "approval": approval, "used": used}
