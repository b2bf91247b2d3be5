"""The stages of a run, as the graph's nodes call them: each takes the state, does one thing, and returns what is new.

The state holds ids and small values; snapshots, reports and plans are in the store. What needs credentials gets them
from the process that runs the graph, never from the state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypedDict

import msgspec

from auditor import gate
from auditor.planning import bind, choose, reach_of, unbound, undo
from auditor.policy.looked import note_look
from auditor.settings import Settings
from auditor.store.claims import Claim
from auditor.store.journal import StoreJournal
from auditor.store.snapshots import pack
from auditor.store.store import Store
from auditor.verification import verify_plan
from auditor.waivers.apply import waive
from auditor.waivers.settings import waivers_of
from tools.catalogue import convert_settings, discover
from tools.check import View
from tools.collect.sources import Source, collect, merge
from tools.engine import audit
from tools.errors import Refused
from tools.execute.journal import FIRST
from tools.execute.place import Places
from tools.explain import explain as explain_finding
from tools.model.action import target_of
from tools.model.plan import PLAN_VERSION, Part, Plan, plan_hash
from tools.model.report import Report
from tools.path import hops_of
from tools.plan.propose import Proposal, Wish, propose, wished
from tools.timeline import timeline_of


class RunState(TypedDict, total=False):
    """The graph's state: plain values, validated at each node's entry."""

    run: str
    source: dict[str, Any]
    also: list[dict[str, Any]]
    finding: str
    to: str
    wish: dict[str, Any] | None
    snapshot: str
    report: str
    standings: dict[str, int]
    explanation: str
    plan: str
    approvals: list[str]
    outcome: str
    verified: bool


class Checked(msgspec.Struct, forbid_unknown_fields=True):
    """`RunState` as a node sees it after validation."""

    run: str
    source: Source
    also: list[Source] = []
    finding: str = ""
    to: str = ""
    wish: Wish | None = None
    snapshot: str = ""
    report: str = ""
    standings: dict[str, int] = {}
    explanation: str = ""
    plan: str = ""
    approvals: list[str] = []
    outcome: str = ""
    verified: bool = False


@dataclass(frozen=True)
class Acting:
    """What execution alone is lent: the places with the acting credentials and who each knows them as (by the scope's
    id), the claim under which they may be used, where progress goes, and whether it is to stop before the next step."""

    places: Places
    users: Mapping[str, str]
    claim: Claim
    progress: Callable[[Any], None]
    stop: Callable[[], bool] = lambda: False


class Stages:
    """The stages, with what the process lends them: the store, the checks' settings, and, for execution alone,
    what it acts with and the settings that say who may approve."""

    def __init__(
        self,
        store: Store,
        settings: dict[str, Any],
        progress: Callable[[str], None] = lambda _: None,
        acting: Acting | None = None,
        configured: Settings | None = None,
    ) -> None:
        self.store = store
        self.configured = configured or Settings()
        self.checks = discover()
        self.settings = convert_settings(self.checks, settings)
        self.progress = progress
        self.acting = acting

    def collect(self, state: RunState) -> RunState:
        """Read the sources with the reader's credentials."""
        now = checked(state)
        packed = pack(merge([collect(source, self.progress) for source in (now.source, *now.also)]))
        self.store.keep_look(now.run, packed)
        return {"snapshot": packed.id}

    def trace(self, state: RunState) -> RunState:
        """Derive every path, and count the standings of its edges."""
        view = self._view(checked(state))
        standings: dict[str, int] = {}
        for instance in view.facts.instances:
            for container in instance.containers:
                for edge in hops_of(container, view):
                    standings[edge.standing] = standings.get(edge.standing, 0) + 1
        return {"standings": dict(sorted(standings.items()))}

    def check(self, state: RunState) -> RunState:
        """Run every check, and set apart what the settings waive now."""
        now = checked(state)
        facts = self.store.runs.load_facts(now.snapshot)
        made = audit(facts, now.snapshot, self.checks, self.settings, self.store.history(facts))
        report = self.store.runs.save_report(waive(made, waivers_of(self.configured.waivers), datetime.now(UTC)))
        self.store.runs.update(now.run, report=report, state="audited")
        note_look(now.run, made, facts, self.configured.policy, self.store)
        return {"report": report}

    def explain(self, state: RunState) -> RunState:
        """Choose the finding to act on (the one asked for, or the worst with a remedy), and explain it."""
        now = checked(state)
        if now.wish:
            return {"finding": ""}
        report = self.store.runs.load_report(now.report)
        finding = choose(report, now.finding, self._view(now), self.checks)
        rule = next(check for check in self.checks if check.id == finding.check)
        timeline = timeline_of(finding.owner, self._view(now))
        return {
            "finding": finding.fingerprint,
            "explanation": self.store.runs.save_explanation(explain_finding(finding, rule, timeline)),
        }

    def plan(self, state: RunState) -> RunState:
        """Make the one plan of this run, bound to the live objects it depends on."""
        now = checked(state)
        view = self._view(now)
        report = self.store.runs.load_report(now.report)
        if now.wish:
            undone = now.wish.kind == "undo"
            proposal = undo(now.wish.subject, self.store) if undone else wished(now.wish, report.scopes[0].id, view)
            code = ""
        else:
            finding = choose(report, now.finding, view, self.checks)
            proposal, code = propose(finding, view, self.checks, now.to), finding.fingerprint
        made = self._plan(now, view, report, proposal, code)
        self.store.runs.save_plan(made)
        return {"plan": made.id}

    def execute(self, state: RunState) -> RunState:
        """Carry the plan out, under the acting credentials and this process' claim; there is no other way here."""
        from tools.execute.carry_out import carry_out

        now = checked(state)
        plan = self.store.runs.load_plan(now.run)
        acting = self.acting
        if (
            acting is None
            or acting.claim.run != now.run
            or plan.id != now.plan
            or sorted(now.approvals) != sorted(acting.claim.approvals)
        ):
            raise Refused(
                "no-claim", f"run {now.run} was not resumed by auditor execute", mend=f"auditor execute {now.run}"
            )
        gate.authorize(plan, acting.claim.approvals, self.configured, self.store)
        self.store.runs.update(now.run, state="executing")
        check = partial(gate.check_now, plan, self.configured, self.store)
        users = {n: acting.users[plan.part_of(step.action).scope] for n, step in enumerate(plan.steps, FIRST)}
        journal = StoreJournal(self.store.database, acting.claim, users[FIRST], check, users)
        return {"outcome": carry_out(plan, acting.places, journal, acting.progress, acting.stop)}

    def verify(self, state: RunState) -> RunState:
        """Collect and check again: done means verified."""
        now = checked(state)
        if self.acting is None:
            raise Refused("no-claim", f"run {now.run} was not resumed by auditor execute", mend="auditor resume RUN")
        plan = self.store.runs.load_plan(now.run)
        journal = StoreJournal(self.store.database, self.acting.claim)

        def looking(told: str) -> None:
            journal.hold()
            self.progress(told)

        verified, told = verify_plan(plan, self.acting.places, self.checks, self.settings, looking, self.store.history)
        journal.hold()
        self.store.runs.update(now.run, state="done" if verified else "failed", outcome=told)
        return {"verified": verified, "outcome": told}

    def _view(self, now: Checked) -> View:
        facts = self.store.runs.load_facts(now.snapshot)
        return View(facts, self.settings, self.store.history(facts))

    def _plan(self, now: Checked, view: View, report: Report, proposal: Proposal, finding: str) -> Plan:
        actions, why, notes = proposal
        named = {s.id: s for s in report.scopes}
        scope, *others = (named[i] for i in dict.fromkeys(target_of(action).scope for action in actions))
        sources = (now.source, *now.also)
        recorded = any(not source.live for source in sources)
        steps, proposer, left = (unbound(actions, view), "", ()) if recorded else bind(actions, sources)
        plan = Plan(
            version=PLAN_VERSION,
            run=now.run,
            scope=scope.id,
            scope_name=scope.name,
            recorded=any(s.recorded for s in (scope, *others)),
            finding=finding,
            steps=steps,
            reach=reach_of(actions, view.facts, scope.id),
            why=why,
            notes=(*notes, *left),
            proposer=proposer,
            elsewhere=tuple(
                Part(scope=s.id, scope_name=s.name, reach=reach_of(actions, view.facts, s.id)) for s in others
            )
            or msgspec.UNSET,
        )
        return msgspec.structs.replace(plan, id=plan_hash(plan))


def checked(state: RunState) -> Checked:
    """The state, validated. A state that is not what the graph wrote is refused."""
    try:
        return msgspec.convert(state, Checked)
    except msgspec.ValidationError as error:
        raise Refused(
            "bad-state", "the run's checkpoint is not one of this program's", str(error), "plan again"
        ) from error
