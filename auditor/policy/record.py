"""What the store remembers, for the policy to count: the acts of the past hour, failed verifications, and what the
plan's own look saw of the cluster."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from auditor.policy.decide import HOUR, Act, Record
from auditor.policy.model import Policy
from auditor.store.store import Store
from tools.errors import Refused
from tools.model.action import kind_of, target_of
from tools.model.plan import Plan


def record_of(plan: Plan, policy: Policy, store: Store, moment: datetime) -> Record:
    """The record for a plan at a moment; the plan's own acts are no part of it. Raises `Refused` where a plan that was
    acted on can't be read."""
    hours = {stop.when: stop.for_hours for stop in policy.stops if stop.when == "verification-failed"}
    stops = {stop.when for stop in policy.stops}
    return Record(
        acts=_acts(plan, store, moment),
        failed=_failed(plan, store, moment - timedelta(hours=max(hours.values()))) if hours else (),
        alike=_alike(plan, store) if "hosts-drifting-alike" in stops else None,
        unready=_unready(plan, store) if "cluster-unhealthy" in stops else None,
    )


def _acts(plan: Plan, store: Store, moment: datetime) -> tuple[Act, ...]:
    """Every step of all other plans that was begun in the past hour or, where a clock went back, later."""
    rows = store.database.connection.execute(
        "SELECT l.at, l.step, p.data, p.id FROM journal_lines l LEFT JOIN plans p ON p.id = l.plan"
        " WHERE l.state = 'intent' AND l.at >= ? AND l.plan != ? ORDER BY l.number",
        (_text(moment - HOUR), plan.id),
    ).fetchall()
    return tuple(_act(at, step, _read(data, name)) for at, step, data, name in rows)


def _act(at: str, step: int, plan: Plan) -> Act:
    action = plan.steps[step - 1].action
    keys = (target_of(action).key, *(ref.key for ref in plan.reach.workloads))
    return Act(datetime.fromisoformat(at), plan.scope, plan.scope_name, kind_of(action), str(target_of(action)), keys)


def _failed(plan: Plan, store: Store, since: datetime) -> tuple[tuple[str, datetime], ...]:
    """The runs in the plan's scope whose verification failed, and when each last wrote to its journal."""
    rows = store.database.connection.execute(
        "SELECT r.id, max(l.at), p.data FROM runs r JOIN plans p ON p.id = r.plan JOIN journal_lines l ON l.plan = p.id"
        " WHERE r.state = 'failed' GROUP BY r.id HAVING max(l.at) >= ? ORDER BY r.rowid",
        (_text(since),),
    ).fetchall()
    return tuple((run, datetime.fromisoformat(at)) for run, at, data in rows if _read(data, run).scope == plan.scope)


def _alike(plan: Plan, store: Store) -> int | None:
    """The most hosts of one pool that differ from its baseline in the same fact. None where the run has no report."""
    report = store.runs.get(plan.run).report
    if report is None:
        return None
    findings = store.runs.load_report(report).found  # a waiver accepts a drift, and does not unsee it
    drifts = [f for f in findings if f.check == "host-baseline" and f.verdict == "violation"]
    return max((len(set(f.subjects)) for f in drifts if f.owner.scope == plan.scope), default=0)


def _unready(plan: Plan, store: Store) -> float | None:
    """The larger share, in percent, of hosts and of instances that are not ready. None where either was not seen."""
    snapshot = store.runs.get(plan.run).snapshot
    if snapshot is None:
        return None
    facts = store.runs.load_facts(snapshot)
    hosts = [host.ready for host in facts.hosts if host.ref.scope == plan.scope]
    running = [one.ready for one in facts.instances if one.ref.scope == plan.scope and not one.finished]
    if not hosts or not running:
        return None
    return max(100 * ready.count(False) / len(ready) for ready in (hosts, running))


def _read(data: bytes | None, name: str | None) -> Plan:
    try:
        return msgspec.json.decode(data or b"", type=Plan)
    except msgspec.DecodeError as error:
        raise Refused(
            "policy", "what was done in the past hour can't be counted", f"plan {name}: {error}", "look at the store"
        ) from error


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
