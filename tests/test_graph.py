"""The graph on a recording: it stops at its gate, stays there for whatever does not hold, and reaches no executor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from auditor import gate
from auditor.commands.demo import RECORDING
from auditor.graph import begin, go_on, open_graph, pending, resume, waiting
from auditor.policy.model import Policy, Rule
from auditor.settings import Settings
from auditor.stages import RunState, Stages
from auditor.store.store import Store
from tools.collect.sources import Source
from tools.errors import Refused
from tools.model.identity import Ref
from tools.model.plan import Approval, Bound, plan_hash, short_code

SETTINGS = {"host-baseline": {"pools": {"default": {"kubelet_version": "v1.36.3"}}}}


@pytest.fixture
def stages(tmp_path: Path) -> Iterator[Stages]:
    store = Store(str(tmp_path / "store.db"))
    policy = Policy(rules=[Rule(mode="one-approver")])
    yield Stages(store, SETTINGS, configured=Settings(policy=policy))
    store.database.connection.close()


def to_the_gate(stages: Stages, **wanted: str) -> str:
    """Begin a run on the recording; its id."""
    run = stages.store.runs.begin(str(RECORDING))
    state: RunState = {"run": run, "source": msgspec.to_builtins(Source(path=str(RECORDING)))}
    with open_graph(stages) as graph:
        begin(graph, {**state, **wanted})  # type: ignore[typeddict-item]
    return run


def test_it_stops_at_the_gate_with_a_plan(stages: Stages) -> None:
    run = to_the_gate(stages)
    with open_graph(stages) as graph:
        assert waiting(graph, run)
        assert pending(graph, run) == ("gate",)
    plan = stages.store.runs.load_plan(run)
    assert plan.id == plan_hash(plan)
    assert stages.store.runs.get(run).state == "planned"


def test_the_state_holds_no_snapshot(stages: Stages) -> None:
    run = to_the_gate(stages)
    with open_graph(stages) as graph:
        values = graph.get_state({"configurable": {"thread_id": run}}).values
    assert len(msgspec.json.encode(values)) < 2_000
    assert values["standings"]["contradicted"] == 1


@pytest.mark.parametrize("answer", ["", "a-never", "'; DROP TABLE approvals; --"])
def test_what_does_not_hold_is_refused_recorded_and_waited_on_again(stages: Stages, answer: str) -> None:
    run = to_the_gate(stages)
    with open_graph(stages) as graph:
        resume(graph, run, waiting(graph, run), (answer,))
    with open_graph(stages) as graph:
        assert waiting(graph, run), "it no longer waits at the gate"
    assert len(stages.store.runs.refusals(run)) == 1


def test_a_recordings_plan_is_refused_even_with_an_approval(stages: Stages) -> None:
    run = to_the_gate(stages)
    plan = stages.store.runs.load_plan(run)
    approval = gate.approve(plan, "alice", short_code(plan), 30, stages.store)
    with open_graph(stages) as graph:
        resume(graph, run, waiting(graph, run), (approval.id,))
        assert waiting(graph, run)
    assert [code for _, code, _ in stages.store.runs.refusals(run)] == ["recorded"]


def live(stages: Stages, run: str) -> Approval:
    """Make the run's plan one of a live cluster, as far as the store knows, and approve it."""
    plan = stages.store.runs.load_plan(run)
    bounds = (Bound(Ref("c", "Node", "", "n", "u"), "spec.unschedulable", "0" * 64),)
    plan = msgspec.structs.replace(plan, recorded=False, steps=(msgspec.structs.replace(plan.steps[0], bounds=bounds),))
    plan = msgspec.structs.replace(plan, id=plan_hash(plan))
    stages.store.runs.save_plan(plan)
    return gate.approve(plan, "alice", short_code(plan), 30, stages.store)


def test_without_a_claim_the_executor_is_not_reached(stages: Stages) -> None:
    """A process that resumes the graph by itself, with a valid approval but no claim and no credentials, is refused."""
    run = to_the_gate(stages)
    approval = live(stages, run)
    with open_graph(stages) as graph, pytest.raises(Refused) as caught:
        resume(graph, run, waiting(graph, run), (approval.id,))
    assert caught.value.code == "no-claim"


def test_a_resume_of_a_run_that_never_was_begins_nothing(stages: Stages) -> None:
    with open_graph(stages) as graph:
        assert not waiting(graph, "r-never")
        assert pending(graph, "r-never") == ()


def test_a_checkpoint_that_was_tampered_with_is_refused(stages: Stages) -> None:
    run = to_the_gate(stages)
    with open_graph(stages) as graph:
        graph.update_state({"configurable": {"thread_id": run}}, {"source": {"path": 5}}, as_node="gate")
        with pytest.raises(Refused) as caught:
            go_on(graph, run, ("",))
    assert caught.value.code == "bad-state"


def test_nothing_to_do_is_said(stages: Stages) -> None:
    with pytest.raises(Refused) as caught:
        to_the_gate(stages, finding="f-nosuch")
    assert caught.value.code == "no-finding"
