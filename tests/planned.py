"""A plan of a live cluster, as far as a store knows: for tests and figures of the gate, which needs no cluster."""

from __future__ import annotations

import msgspec

from auditor.store.store import Store
from tools.model.action import Cordon, Uncordon
from tools.model.identity import Ref
from tools.model.plan import PLAN_VERSION, Bound, Plan, Preview, Reach, Step, plan_hash

NODE = Ref("cluster", "Node", "", "node-b", "uid-b")


def planned(store: Store, **changes: object) -> Plan:
    """A plan to cordon a node, in a run of its own."""
    run = store.runs.begin("kubernetes:lab")
    plan = Plan(
        version=PLAN_VERSION,
        run=run,
        scope="cluster",
        scope_name="lab",
        recorded=False,
        finding="f-0",
        steps=(
            Step(
                action=Cordon(NODE),
                bounds=(Bound(NODE, "spec.unschedulable", "0" * 64),),
                preview=Preview(by="server dry run", diff=""),
                inverse=Uncordon(NODE),
            ),
        ),
        reach=Reach(instances=0, instances_total=3, hosts=1, hosts_total=2),
        why="it drifted",
        notes=(),
    )
    plan = msgspec.structs.replace(plan, **changes)
    plan = msgspec.structs.replace(plan, id=plan_hash(plan))
    store.runs.save_plan(plan)
    return plan
