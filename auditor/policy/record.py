"""What the store remembers, for the policy to count: the acts of the past hour, failed verifications, and what the
plan's own look saw of the cluster."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from auditor.policy.case import Seen
from auditor.policy.decide import HOUR, Act, Record, touched
from auditor.policy.looked import looked
from auditor.policy.model import Policy, Stop
from auditor.store.store import Store
from tools.errors import Refused
from tools.model.action import kind_of, target_of
from tools.model.facts import Facts
from tools.model.plan import Plan
from tools.model.report import Report


def record_of(plan: Plan, policy: Policy, store: Store, moment: datetime) -> Record:
    """The record for a plan at a moment; the plan's own acts are no part of it. Raises `Refused` where a plan that was
    acted on can't be read."""
    failed = [stop for stop in policy.stops if stop.when == "verification-failed"]
    known: tuple[str, ...] = ()
    seen: tuple[Seen, ...] = ()
    run = store.runs.get(plan.run)
    if len(failed) < len(policy.stops) and run.report and run.snapshot:
        known, seen = _looked(plan, store.runs.load_report(run.report), store.runs.load_facts(run.snapshot))
    return Record(
        acts=_acts(plan, store, moment),
        failed=_failed(plan, store, _since(failed, moment)) if failed else (),
        seen=seen,
        known=known,
        cases=tuple(case for scope in plan.scopes for case in store.stops.cases(scope)) if policy.stops else (),
    )


def _looked(plan: Plan, report: Report, facts: Facts) -> tuple[tuple[str, ...], tuple[Seen, ...]]:
    """What the plan's look saw in all of its scopes. Of which stops it could know is the first scope's to say: an
    account that a cluster's plan goes on in has no hosts whose readiness could be asked."""
    known, _ = looked(report, facts, plan.scope)
    return known, tuple(one for scope in plan.scopes for one in looked(report, facts, scope)[1])


def _since(failed: Sequence[Stop], moment: datetime) -> datetime:
    """From when on a failed verification can still count."""
    if any(stop.stays for stop in failed):
        return datetime(1970, 1, 1, tzinfo=UTC)
    return moment - timedelta(hours=max(stop.for_hours for stop in failed))


def _acts(plan: Plan, store: Store, moment: datetime) -> tuple[Act, ...]:
    """Every step of all other plans that was begun in the past hour or, where a clock went back, later. What is not
    begun yet of a plan that was, counts from its newest act on: nobody asks again before it."""
    rows = store.database.connection.execute(
        "SELECT l.plan, l.at, l.step, p.data, coalesce(r.state, '') FROM journal_lines l"
        " LEFT JOIN plans p ON p.id = l.plan LEFT JOIN runs r ON r.id = p.run"
        " WHERE l.state = 'intent' AND l.at >= ? AND l.plan != ? ORDER BY l.number",
        (_text(moment - HOUR), plan.id),
    ).fetchall()
    acts: list[Act] = []
    last: dict[str, tuple[str, Plan]] = {}
    for name, at, step, data, state in rows:
        other = _read(data, name)
        acts.append(_act(at, step, other))
        if state != "done":
            last[name] = at, other
    for name, (at, other) in last.items():
        begun = {step for n, _, step, _, _ in rows if n == name}
        ahead = range(max(begun) + 1, len(other.steps) + 1)
        acts += [_act(at, step, other) for step in ahead]
    return tuple(acts)


def _act(at: str, step: int, plan: Plan) -> Act:
    action = plan.steps[step - 1].action
    moment, keys = datetime.fromisoformat(at), tuple(sorted(touched(action)))
    part = plan.part_of(action)
    return Act(moment, part.scope, part.scope_name, kind_of(action), str(target_of(action)), keys)


def _failed(plan: Plan, store: Store, since: datetime) -> tuple[tuple[str, datetime], ...]:
    """The runs in any of the plan's scopes whose verification (or that of a step) failed and was not lifted, and when
    each last wrote to its journal."""
    lifted = {run for scope in plan.scopes for run in store.stops.lifted(scope, "verification-failed")}
    rows = store.database.connection.execute(
        "SELECT r.id, max(l.at), p.data FROM runs r JOIN plans p ON p.id = r.plan JOIN journal_lines l ON l.plan = p.id"
        " WHERE r.state = 'failed' OR (r.state != 'done' AND EXISTS"
        " (SELECT 1 FROM refusals f WHERE f.run = r.id AND f.code = 'not-verified'))"
        " GROUP BY r.id HAVING max(l.at) >= ? ORDER BY r.rowid",
        (_text(since),),
    ).fetchall()
    return tuple(
        (run, datetime.fromisoformat(at))
        for run, at, data in rows
        if run not in lifted and set(_read(data, run).scopes) & set(plan.scopes)
    )


def _read(data: bytes | None, name: str | None) -> Plan:
    try:
        return msgspec.json.decode(data or b"", type=Plan)
    except msgspec.DecodeError as error:
        raise Refused(
            "policy", "what was done in the past hour can't be counted", f"plan {name}: {error}", "look at the store"
        ) from error


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
