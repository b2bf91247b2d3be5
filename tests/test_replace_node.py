"""Replacing a node, without a lab: what is planned and refused, that a plan of two scopes keeps each step to its own
place and asks whether what was done elsewhere still holds, and that a plan of one scope is written as it was before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from auditor import gate
from auditor.planning import reach_of
from auditor.policy.decide import Needed, Record, decide
from auditor.policy.model import Policy
from auditor.store.journal import StoreJournal
from auditor.store.store import Store
from auditor.verification import judge
from tests.planned import planned
from tests.test_policy import NOON
from tests.test_servers import ACCOUNT, CLUSTER, GROUP, NODE, POD, SERVER, facts, node, pod, server
from tools.check import View
from tools.errors import Refused
from tools.execute import carry_out as loop
from tools.execute.executor import Settled, World
from tools.execute.journal import FIRST, State
from tools.model.action import Action, Cordon, Drain, ReplaceInstance, target_of
from tools.model.facts import Facts
from tools.model.identity import Ref, Scope
from tools.model.machine import Machine
from tools.model.plan import Bound, Part, Plan, Preview, Reach, Step, plan_hash, short_code
from tools.plan.replace_node import wished

OWNER = Ref(CLUSTER, "Deployment", "shop", "web", "uid-web")
ALONE = (Scope(id=CLUSTER, name="prod", kind="kubernetes"),)


def owned(**more: Any) -> Any:
    """The pod on the node, of a Deployment."""
    return msgspec.structs.replace(pod(), **{"owner": OWNER, "workload": OWNER, **more})


def changed(**more: Any) -> Any:
    """The server, otherwise."""
    return msgspec.structs.replace(server(), **more)


def seen(**more: Any) -> Facts:
    return facts(**{"instances": (server(), owned()), **more})


def refused(**more: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        wished("node-a", View(seen(**more)), delete_local_data=False)
    return caught.value


def test_a_node_is_cordoned_drained_and_its_server_ended() -> None:
    actions, _, notes = wished("node-a", View(seen()), delete_local_data=False)
    assert actions == (Cordon(NODE), Drain(NODE, (OWNER,)), ReplaceInstance(SERVER, GROUP))
    assert any("spec.providerID" in note for note in notes)


def test_what_holds_already_is_no_step() -> None:
    cordoned = msgspec.structs.replace(node(), unschedulable=True)
    actions, _, _ = wished("node/node-a", View(seen(hosts=(cordoned,), instances=(server(),))), delete_local_data=False)
    assert actions == (ReplaceInstance(SERVER, GROUP),)
    actions, _, _ = wished("node-a", View(seen(instances=(server(),))), delete_local_data=False)
    assert actions == (Cordon(NODE), ReplaceInstance(SERVER, GROUP)), "an empty node takes nothing new while it ends"


@pytest.mark.parametrize(
    ("otherwise", "code", "why"),
    [
        ({"scopes": ALONE, "instances": (owned(),)}, "account-not-given", "no AWS account was looked at"),
        ({"instances": (owned(),)}, "unresolved", "which was not seen in"),
        ({"hosts": (node(""),)}, "no-server", "no providerID"),
        ({"hosts": (node("gce://p/z/n"),)}, "no-server", "gce://p/z/n"),
        ({"hosts": ()}, "gone", "no node"),
        ({"instances": (changed(owner=None, workload=SERVER), owned())}, "unmanaged", "in no Auto Scaling group"),
        ({"instances": (server(machine_seen=Machine(protected=True)), owned())}, "protected", "scale-in"),
        ({"instances": (changed(phase="terminated"), owned())}, "gone", "terminated"),
        (
            {
                "instances": (
                    server(),
                    owned(static=True, ref=msgspec.structs.replace(POD, namespace="kube-system", name="etcd-node-a")),
                )
            },
            "control-plane",
            "etcd-node-a",
        ),
    ],
    ids=["no-account", "other-account", "no-provider", "other-provider", "no-node", "no-group", "protected", "ended",
         "control-plane"],
)  # fmt: skip
def test_refused_with_the_reason(otherwise: dict[str, Any], code: str, why: str) -> None:
    error = refused(**otherwise)
    assert (error.code, why in str(error)) == (code, True), str(error)


def test_two_clusters_with_a_node_of_one_name_are_ambiguous() -> None:
    other = msgspec.structs.replace(node(), ref=msgspec.structs.replace(NODE, scope="uid-other"))
    assert refused(hosts=(node(), other)).code == "ambiguous"


def test_what_an_account_hides_of_its_own_stops_no_drain() -> None:
    from tests.test_servers import gap

    assert wished("node-a", View(seen(gaps=(gap("Instance"),))), delete_local_data=False)
    assert refused(gaps=(gap("Instance", CLUSTER),)).code == "not-observed"


def test_its_reach_counts_both_scopes() -> None:
    daemon = owned(ref=Ref(CLUSTER, "Pod", "kube-system", "proxy-x", "uid-proxy"), workload=GROUP)
    held = seen(instances=(server(), owned(), daemon))
    actions, _, _ = wished("node-a", View(held), delete_local_data=False)
    inside, outside = reach_of(actions, held, CLUSTER), reach_of(actions, held, ACCOUNT)
    assert (inside.instances, inside.instances_total, inside.hosts) == (2, 2, 1), "a daemon's pod ends with the server"
    assert (outside.instances, outside.instances_total, outside.hosts, outside.hosts_total) == (1, 1, 0, 0)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(str(tmp_path / "store.db"))
    yield store
    store.database.connection.close()


def step(action: Action) -> Step:
    bound = Bound(target_of(action), "uid", "0" * 64)
    return Step(action=action, bounds=(bound,), preview=Preview(by="computed here", diff=str(action)), inverse=None)


def replacing(store: Store) -> Plan:
    """A plan to replace a node, in the cluster and the account."""
    actions: tuple[Action, ...] = Cordon(NODE), Drain(NODE, (OWNER,)), ReplaceInstance(SERVER, GROUP)
    outside = Reach(instances=1, instances_total=4, hosts=0, hosts_total=0, workloads=(GROUP,))
    return planned(
        store,
        scope=CLUSTER,
        scope_name="prod",
        steps=tuple(map(step, actions)),
        reach=Reach(instances=2, instances_total=10, hosts=1, hosts_total=5),
        elsewhere=(Part(scope=ACCOUNT, scope_name="ops@eu-central-1", reach=outside),),
    )


def needed(plan: Plan, *rules: dict[str, Any], record: Record | None = None) -> Needed:
    return decide(Policy.model_validate({"rules": rules}), plan, NOON, record or Record())


def test_a_plan_of_one_scope_is_written_as_it_was_before_there_were_others(store: Store) -> None:
    """A stored plan is what its hash says for ever: not a byte of its JSON may come or go."""
    plan = msgspec.structs.replace(planned(store), run="r-00000000", id="")
    assert b"elsewhere" not in msgspec.json.encode(plan)
    assert plan_hash(plan) == "p-cb82d1637471689809ca0058d527cc46"
    kept = msgspec.json.decode(msgspec.json.encode(plan), type=Plan)
    assert (kept, kept.scopes) == (plan, ("cluster",))


def test_a_plan_of_two_scopes_is_kept_whole(store: Store) -> None:
    plan = replacing(store)
    assert store.runs.load_plan(plan.run) == plan
    assert plan.scopes == (CLUSTER, ACCOUNT)
    assert [plan.part_of(step.action).scope for step in plan.steps] == [CLUSTER, CLUSTER, ACCOUNT]
    alone = msgspec.structs.replace(plan, elsewhere=msgspec.UNSET)
    assert plan_hash(alone) != plan.id, "where a plan goes on is a part of what is approved"


def test_a_rule_is_asked_in_each_steps_own_scope(store: Store) -> None:
    plan = replacing(store)
    inside, outside = {"scope": "prod", "mode": "one-approver"}, {"scope": "ops@*", "mode": "two-approvers"}
    assert needed(plan, inside).mode == "propose", "no rule is about the account"
    assert needed(plan, outside).mode == "propose", "no rule is about the cluster"
    assert needed(plan, inside, outside).mode == "two-approvers"
    assert needed(plan, inside, {"scope": ACCOUNT, "mode": "forbidden"}).mode == "forbidden"


@pytest.mark.parametrize(
    ("rules", "fits"),
    [
        ([{"max_instances": 3}], True),
        ([{"max_instances": 2}], False),  # two pods and a server
        ([{"scope": "prod", "max_instances": 2}, {"max_instances": 1}], True),
        ([{"scope": "prod", "max_instances": 2}, {"max_instances": 0}], False),
        ([{"max_instances": "25%"}], True),  # of each scope
        ([{"scope": "prod"}, {"max_instances": "24%"}], False),  # a server of four
        ([{"scope": "prod", "max_instances": "19%"}, {}], False),  # two pods of ten
        ([{"max_hosts": 1}], True),
        ([{"max_hosts": 0}], False),
    ],
    ids=str,
)
def test_a_limit_is_held_in_both_scopes(store: Store, rules: list[dict[str, Any]], fits: bool) -> None:
    asked = needed(replacing(store), *({"mode": "one-approver", **rule} for rule in rules))
    assert bool(asked.blocked) != fits, asked.blocked


def test_a_failed_verification_in_either_scope_counts(store: Store) -> None:
    from auditor.policy.record import record_of

    policy = Policy.model_validate({"stops": [{"when": "verification-failed"}]})
    failed = replacing(store)
    approval = gate.approve(failed, "alice", short_code(failed), 30, store)
    claim = store.claims.take(failed.run, "i", (approval.id,))
    StoreJournal(store.database, claim, "actor").intent(failed.id, FIRST, "cordon")
    store.runs.update(failed.run, state="failed")
    for scope in (CLUSTER, ACCOUNT):
        later = planned(store, scope=scope)
        assert [run for run, _ in record_of(later, policy, store, NOON).failed] == [failed.run]
    assert not record_of(planned(store, scope="another"), policy, store, NOON).failed


def test_the_journal_keeps_who_acted_in_each_scope(store: Store) -> None:
    plan = replacing(store)
    approval = gate.approve(plan, "alice", short_code(plan), 30, store)
    claim = store.claims.take(plan.run, "i", (approval.id,))
    journal = StoreJournal(store.database, claim, "actor", elsewhere={3: "arn:aws:iam::1:role/actor"})
    for number in (1, 2, 3):
        journal.intent(plan.id, number, "")
    rows = store.database.connection.execute("SELECT step, actor FROM journal ORDER BY step").fetchall()
    assert rows == [(1, "actor"), (2, "actor"), (3, "arn:aws:iam::1:role/actor")]


class Client:
    """A place's client that remembers what executors did with it."""

    def __init__(self, name: str) -> None:
        self.name, self.did, self.client = name, list[str](), self
        self.holds, self.moved = True, False


class Acted:
    """An executor that acts at once; its effect holds for as long as the client says so."""

    repeatable, timeout = True, 0.0

    def __init__(self, action: Action) -> None:
        self.action = str(action)

    def world(self, api: Client, plan: str, bounds: tuple[Bound, ...]) -> World:
        done = f"act {self.action}" in api.did
        return "changed" if api.moved else "after" if done else "before"

    def preview(self, api: Client) -> Preview:
        return Preview(by=api.name, diff=self.action)

    def rehearse(self, api: Client, plan: str) -> None:
        api.did.append(f"rehearse {self.action}")

    def act(self, api: Client, plan: str, write_id: str) -> str:
        api.did.append(f"act {self.action}")
        return "done"

    def settled(self, api: Client, plan: str) -> Settled:
        return Settled(api.holds, "as it was left" if api.holds else "somebody undid it")


class Kept:
    """A journal in memory."""

    def __init__(self) -> None:
        self.states: dict[int, State] = {}

    def state(self, plan: str, step: int) -> State | None:
        return self.states.get(step)

    def intent(self, plan: str, step: int, detail: str) -> None:
        self.states[step] = "intent"

    def write_id(self, plan: str, step: int) -> str:
        return f"w-{step}"

    def effect(self, plan: str, step: int, detail: str) -> None:
        self.states[step] = "effect"

    def done(self, plan: str, step: int, detail: str) -> None:
        self.states[step] = "done"

    def note(self, plan: str, step: int, detail: str) -> None:
        """Nothing reads notes here."""

    def hold(self) -> None:
        """Nobody takes it."""


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setattr(loop, "executor_for", Acted)
    monkeypatch.setattr(gate, "executor_for", Acted)
    return {CLUSTER: Client("cluster"), ACCOUNT: Client("account")}


def run(plan: Plan, places: dict[str, Any], journal: Kept) -> str:
    return loop.carry_out(plan, places, journal, lambda _: None)


def acts(place: Client) -> list[str]:
    return [told for told in place.did if told.startswith("act ")]


def test_each_step_acts_in_its_own_place(store: Store, places: dict[str, Any]) -> None:
    plan, journal = replacing(store), Kept()
    run(plan, places, journal)
    assert journal.states == {1: "done", 2: "done", 3: "done"}
    assert acts(places[CLUSTER]) == [f"act {step.action}" for step in plan.steps[:2]]
    assert acts(places[ACCOUNT]) == [f"act {plan.steps[2].action}"]


def test_nothing_is_begun_where_a_later_place_has_moved(store: Store, places: dict[str, Any]) -> None:
    plan, journal = replacing(store), Kept()
    places[ACCOUNT].moved = True
    with pytest.raises(Refused) as caught:
        run(plan, places, journal)
    assert (caught.value.code, journal.states) == ("changed", {})
    assert str(GROUP) in str(caught.value)


@pytest.mark.parametrize("when", ["before its intent", "between intent and act"])
def test_what_was_undone_elsewhere_lets_the_next_place_be(store: Store, places: dict[str, Any], when: str) -> None:
    plan, journal = replacing(store), Kept()
    run(plan, places, journal)
    journal.states = {1: "done", 2: "done"} if when == "before its intent" else {1: "done", 2: "done", 3: "intent"}
    places[ACCOUNT].did.clear()
    places[CLUSTER].holds = False
    with pytest.raises(Refused) as caught:
        run(plan, places, journal)
    assert caught.value.code == "changed"
    assert "does not hold any more" in str(caught.value)
    assert "done" not in (journal.states.get(3), *places[ACCOUNT].did)
    assert not acts(places[ACCOUNT])


def test_what_is_done_already_needs_nothing_elsewhere(store: Store, places: dict[str, Any]) -> None:
    """The server was ended before the kill: its node may be gone by now, and the rest of the step goes on."""
    plan, journal = replacing(store), Kept()
    run(plan, places, journal)
    journal.states[3] = "intent"
    places[CLUSTER].holds = False
    run(plan, places, journal)
    assert journal.states[3] == "done"
    assert len(acts(places[ACCOUNT])) == 1


def test_an_approver_is_shown_what_they_may_look_at(store: Store, places: dict[str, Any]) -> None:
    plan = replacing(store)
    assert [p and p.by for p in gate.review(plan, places)] == ["cluster", "cluster", "account"]
    del places[ACCOUNT]
    assert [p and p.by for p in gate.review(plan, places)] == ["cluster", "cluster", None]
    places[CLUSTER].moved = True
    with pytest.raises(Refused, match="changed since it was made"):
        gate.review(plan, places)


class Report:
    """What a judgement reads of a report."""

    findings: tuple[Any, ...] = ()


def test_the_final_state_is_judged_in_both_scopes(store: Store) -> None:
    plan: Plan = replacing(store)
    new = msgspec.structs.replace(server(), ref=Ref(ACCOUNT, "Instance", "", "i-0new", "i-0new"))
    report: Any = Report()
    good, told = judge(plan, seen(hosts=(), instances=(new,)), report)
    assert good, told
    assert "gone with its server" in told
    assert "no Node names (spec.providerID) i-0new yet" in told
    joined = msgspec.structs.replace(node("aws:///a/i-0new"), ref=msgspec.structs.replace(NODE, name="b", uid="u"))
    good, told = judge(plan, seen(hosts=(joined,), instances=(new,)), report)
    assert (good, "1 of them are nodes" in told) == (True, True), told
    assert not judge(plan, seen(hosts=(), instances=(server(), new)), report)[0], "the server is still there"
    assert not judge(plan, seen(hosts=(), instances=()), report)[0], "nothing came in its place"
    assert not judge(plan, seen(instances=(new,)), report)[0], "the node is there and not cordoned"
    few = seen(hosts=(), instances=(new,))
    wants = msgspec.structs.replace(few.workloads[0], replicas=2)
    good, told = judge(plan, msgspec.structs.replace(few, workloads=(wants,)), report)
    assert (good, "it wants 2" in told) == (False, True), told
