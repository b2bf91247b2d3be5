"""`auditor approve RUN`: a person's yes to exactly one plan."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from rich.console import Console

from auditor import gate
from auditor.approvers import name_of_user
from auditor.commands.acting import Credentials, reviewing_places
from auditor.render.plan import print_plan, print_preview
from auditor.render.text import console, line
from auditor.settings import load_settings
from auditor.store.store import Store
from auditor.validation import check_plan
from tools.errors import Refused, UsageError
from tools.model.plan import Plan, Preview


def approve(run: str, given: Credentials, code: str, minutes: int, config: str, store: str, quiet: bool = False) -> int:
    """Show the plan (unless it was just shown), ask for its short code, write the approval. Refusals are recorded.

    Who approves is what the first step's scope says of their credentials; in the plan's other scopes, theirs are used
    to look again where they have any.
    """
    settings, kept = load_settings(config), Store(store)
    plan = kept.runs.load_plan(run)
    out = console()
    if not quiet:
        print_plan(plan, out)
    try:
        check_plan(plan)
        if kept.runs.get(run).state not in ("planned", "executing"):
            raise Refused("ended", f"run {run} has ended: {kept.runs.get(run).outcome}", mend="plan again")
        places, left = reviewing_places(plan, given, settings)
        approver = places[plan.scope].user()
        if not name_of_user(settings.approvers, approver):
            raise Refused(
                "not-allowed",
                f"{approver} is not an approver",
                "no approver of the settings has this user",
                "[[approvers]] in auditor.toml says who may approve",
            )
        needed = gate.needed_for(plan, settings, kept, datetime.now(UTC))
        gate.check_mode(plan, needed)
        gate.check_allowed(name_of_user(settings.approvers, approver), needed)
        for reason in needed.blocked:
            out.print(line(("now it would be refused: ", "yellow"), reason))
        for why in left:
            out.print(line(("not looked at again in ", "yellow"), why))
        _show(gate.review(plan, places), plan, approver)
        typed = code or ask(out)
        approval = gate.approve(plan, approver, typed, minutes or settings.approval_minutes, kept)
    except Refused as refused:
        kept.runs.refuse(run, refused.code, str(refused))
        raise
    out.print(line(("approved", "bold green"), f" by {approver} until {approval.expires}  ({approval.id})"))
    out.print(f"next: auditor execute {run}")
    return 0


def _show(previews: tuple[Preview | None, ...], plan: Plan, approver: str) -> None:
    out = console()
    if not any(previews):
        out.print(line((f"{approver} may not try this on the server; the preview above stands", "yellow")))
        return
    for number, (preview, step) in enumerate(zip(previews, plan.steps, strict=True), 1):
        if preview is None:
            out.print(line((f"step {number}: {approver} may not try it; the preview above stands", "yellow")))
        elif preview.diff != step.preview.diff:
            out.print(line((f"step {number}: what it would do now differs from the plan's preview:", "yellow")))
            print_preview(preview, out)
        else:
            out.print(line((f"step {number}: the preview was checked again by {preview.by}, as {approver}", "dim")))


def ask(out: Console) -> str:
    """Ask for the plan's short code on the terminal. Raises `UsageError` where there is none."""
    if not sys.stdin.isatty():
        raise UsageError("an approval needs the plan's short code", "there is no terminal to ask on", "--code CODE")
    out.print("type the plan's short code to approve it: ", end="")
    return sys.stdin.readline()
