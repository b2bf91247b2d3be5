"""`auditor policy explain RUN`: what the policy would do with a plan now, and why. Changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from auditor import gate
from auditor.render.policy import print_needed
from auditor.render.text import console, print_json
from auditor.settings import load_settings
from auditor.store.store import Store


def explain(run: str, config: str, store: str, as_json: bool) -> int:
    """Say what a run's plan needs now. 0 where approvals would let it be carried out, 1 where nothing would."""
    settings, kept = load_settings(config), Store(store)
    plan = kept.runs.read_plan(run)
    needed = gate.needed_for(plan, settings, kept, datetime.now(UTC))
    if as_json:
        print_json({"version": 1, "run": run, "plan": plan.id, **msgspec.structs.asdict(needed)})
    else:
        print_needed(plan, needed, console())
    return 1 if needed.blocked or needed.mode in ("forbidden", "propose") else 0
