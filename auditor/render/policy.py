"""What the policy would do with a plan, as a person reads it."""

from __future__ import annotations

import json

from rich.console import Console

from auditor.policy.case import Held
from auditor.policy.decide import Needed
from auditor.render.text import fields, line
from tools.model.action import kind_of
from tools.model.plan import Plan, short_code

WORDS = {
    "forbidden": "forbidden: nobody's approval lets it be carried out",
    "propose": "proposed, and no more: the policy does not let it be carried out",
    "two-approvers": "two persons must approve it, neither of them its proposer",
    "one-approver": "one person must approve it",
    "unattended": "carried out without a person's approval",
}


def _lifters(stop: Held) -> str:
    """Who can lift a stop, in words."""
    if not stop.case:
        return f"{stop.stop}: nobody, until it is known"
    return f"{stop.stop} ({stop.case}): " + (", ".join(stop.by) or "nobody, as lifted_by names nobody")


def print_needed(plan: Plan, needed: Needed, out: Console) -> None:
    """Print what a plan needs and why, what blocks it now, and the lines of auditor.toml that would allow it."""
    out.print(line((f"plan {short_code(plan)}", "bold"), (f"  {plan.id}  run {plan.run}", "dim")))
    rows = [("policy", WORDS[needed.mode]), *(("because", reason) for reason in needed.reasons)]
    if needed.approvers:
        rows.append(("approvers", ", ".join(needed.allowed) or "any that the settings know"))
    rows += [("blocked", reason) for reason in needed.blocked]
    rows += [("can lift", _lifters(stop)) for stop in needed.stops]
    fields(out, [(label, text) for label, text in rows])
    if any(stop.case and stop.by for stop in needed.stops):
        out.print(line((f"  auditor policy lift {plan.run} --reason TEXT lifts what holds it", "dim")))
    if needed.mode == "propose":
        out.print(
            "  before any rule that says propose, in auditor.toml, this would allow it under one person's approval:"
        )
        for part in plan.parts:
            actions = sorted({kind_of(step.action) for step in plan.steps if plan.part_of(step.action) == part})
            for text in (
                "[[policy.rules]]",
                f"scope = {json.dumps(part.scope_name)}",
                f"actions = {json.dumps(actions)}",
                'mode = "one-approver"',
            ):
                out.print(line(("    " + text, "bold")))
