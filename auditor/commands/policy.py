"""`auditor policy`: `explain RUN` says what the policy would do with a plan now, and why, and changes nothing; by `lift
RUN` a person lets go on what a stop rule holds."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from auditor import gate, lifting
from auditor.commands.acting import Credentials, acting_place
from auditor.render.policy import print_needed
from auditor.render.text import console, line, print_json
from auditor.settings import Settings, load_settings
from auditor.store.stops import Lift
from auditor.store.store import Store
from tools.errors import Refused, UsageError
from tools.model.plan import Plan


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


def lift(run: str, reason: str, stop: str, given: Credentials, key: str, name: str, config: str, store: str) -> int:
    """Lift the stops that hold a run's plan (of the rule `stop` alone, where it is said), all or none. Refusals are
    recorded."""
    if not reason.strip():
        raise UsageError("say why it is lifted", mend="--reason TEXT")
    if bool(key) != bool(name) or (key and given != Credentials()):
        raise UsageError("--sign KEY and --as NAME go together", "without them, the cluster says who you are")
    settings, kept = load_settings(config), Store(store)
    plan = kept.runs.load_plan(run)
    try:
        stops = lifting.held(gate.needed_for(plan, settings, kept, datetime.now(UTC)), stop, run)
        person, user = (name, name) if key else _cluster(plan, given, settings)
        lifting.check_named(person, user, stops)
        with kept.database.transaction():
            lifts = lifting.lifts_of(plan, stops, person, reason.strip(), settings, kept)
            kept.stops.lift(_signed(lifts, key, settings) if key else lifts)
    except Refused as refused:
        kept.runs.refuse(run, refused.code, str(refused))
        raise
    out = console()
    for one in stops:
        out.print(line(("lifted", "bold green"), f" {one.stop} by {person}: {one.detail}"))
    out.print(f"next: auditor policy explain {run}")
    return 0


def _cluster(plan: Plan, given: Credentials, settings: Settings) -> tuple[str, str]:
    """Who the scope of the plan's first step says that somebody is: their name in the settings, and their user."""
    user = acting_place(plan, given, settings, known=True).user()
    return lifting.by_user(settings.approvers, user), user


def _signed(lifts: list[Lift], key: str, settings: Settings) -> list[Lift]:
    from auditor.signing.private import load_private
    from auditor.signing.wire import Malformed

    private = load_private(key)
    try:
        return [lifting.signed(lift, private, settings.approvers) for lift in lifts]
    except Malformed as error:
        raise UsageError(f"the key {key} can't sign a lift", str(error)) from error
