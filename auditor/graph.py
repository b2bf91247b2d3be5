"""The loop, as a LangGraph graph: collect → trace → check → explain → plan → gate → execute → verify.

The gate is an `interrupt`: the graph stops there, in its checkpoint, until `auditor execute` resumes it with an
approval. LangGraph gives the graph, the checkpoints and the interrupt. It gives neither exactly-once nor a lock on
resume; the claim (auditor/store/claims.py) and the journal (auditor/store/journal.py) do.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import pairwise
from typing import Any

os.environ.setdefault("LANGGRAPH_STRICT_MSGPACK", "true")  # read when langgraph is imported
os.environ.setdefault("LANGSMITH_TRACING", "false")

from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt

from auditor import gate
from auditor.stages import RunState, Stages, checked
from auditor.store.database import unusable
from tools.errors import AuditorError, Refused

Graph = Any
"""The compiled graph; LangGraph's own type has four parameters that say nothing here."""


def _gate(stages: Stages, state: RunState) -> RunState:
    """Stop until an approval comes; one that does not hold is refused, recorded, and waited on again."""
    now = checked(state)
    plan = stages.store.runs.load_plan(now.run)
    while True:
        answer = interrupt({"run": now.run, "plan": plan.id})
        try:
            given = answer.get("approvals", []) if isinstance(answer, dict) else []
            if not given:
                raise Refused("no-approval", f"run {now.run} was resumed without an approval", mend="auditor execute")
            approvals = gate.authorize(plan, [str(approval) for approval in given], stages.configured, stages.store)
            return {"approvals": [approval.id for approval in approvals]}
        except Refused as refused:
            stages.store.runs.refuse(now.run, refused.code, str(refused))


@contextmanager
def open_graph(stages: Stages) -> Iterator[Graph]:
    """The compiled graph over the store's checkpoints. Every step is durable before the next begins."""
    graph, told = StateGraph(RunState), list[AuditorError]()
    for name in ("collect", "trace", "check", "explain", "plan", "execute", "verify"):
        node: Any = _telling(getattr(stages, name), told)
        graph.add_node(name, node)
    graph.add_node("gate", lambda state: _gate(stages, state))
    order = (START, "collect", "trace", "check", "explain", "plan", "gate", "execute", "verify", END)
    for before, after in pairwise(order):
        graph.add_edge(before, after)
    file = stages.store.checkpoints
    try:
        file.touch(mode=0o600)
    except OSError as error:
        raise unusable(error, file) from error
    try:
        with closing(sqlite3.connect(file, check_same_thread=False, timeout=30)) as connection:
            yield graph.compile(checkpointer=SqliteSaver(connection))
    except sqlite3.Error as error:
        raise (told[-1] if told else unusable(error, file)) from error


def _telling(stage: Callable[[RunState], RunState], told: list[AuditorError]) -> Callable[[RunState], RunState]:
    """The stage, with its error kept: LangGraph writes a failed stage's error to the checkpoint, and where the disk is
    full as well, that second error would hide the first, which says what was done."""

    def run(state: RunState) -> RunState:
        try:
            return stage(state)
        except AuditorError as error:
            told.append(error)
            raise

    return run


def begin(graph: Graph, state: RunState) -> None:
    """Run from the start to the gate."""
    graph.invoke(state, _config(state["run"]), durability="sync")


def state_of(graph: Graph, run: str) -> RunState:
    """The state of a run at its last checkpoint."""
    state: RunState = graph.get_state(_config(run)).values
    return state


def waiting(graph: Graph, run: str) -> str:
    """The id of the interrupt at which a run waits; empty where it waits at none."""
    found = graph.get_state(_config(run)).interrupts
    return str(found[0].id) if found else ""


def pending(graph: Graph, run: str) -> tuple[str, ...]:
    """The nodes that a run would go on with; empty where it has ended or never was."""
    return tuple(graph.get_state(_config(run)).next)


def resume(graph: Graph, run: str, interrupt_id: str, approvals: tuple[str, ...]) -> RunState:
    """Answer the interrupt at which a run waits, and run to the end."""
    command: Any = Command(resume={interrupt_id: {"approvals": list(approvals)}})
    result: RunState = graph.invoke(command, _config(run), durability="sync")
    return result


def go_on(graph: Graph, run: str, approvals: tuple[str, ...]) -> RunState:
    """Go on from the last checkpoint of a run that was killed behind the gate, under the approvals that were checked
    for it (new ones, where the first had expired before anything was begun)."""
    if pending(graph, run) == ("execute",) and state_of(graph, run).get("approvals") != list(approvals):
        graph.update_state(_config(run), {"approvals": list(approvals)}, as_node="gate")
    result: RunState = graph.invoke(None, _config(run), durability="sync")
    return result


def _config(run: str) -> dict[str, Any]:
    return {"configurable": {"thread_id": run}}
