"""Random SIGKILLs over plans of two steps (cordon a node, then drain it) on the lab: nothing done twice, nothing lost.

Each plan is killed a few times at random moments of `execute` and `resume`, then resumed to its end. What was done is
read from the API server's audit log, not from the product: at most one accepted write on the node and one eviction for
each pod. After every kill the journal must have said beforehand what the cluster has seen. Where the lab has not been
made, that is said, and nothing else.

`python -m bench.kills [KILLS]`
"""

from __future__ import annotations

import json
import os
import random
import secrets
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bench.measure import scratch
from tests.driver import command
from tests.driver.loop import Loop
from tests.driver.rights import grant_as_shipped
from tests.driver.seen import Seen
from tests.lab import lifecycle, sessions
from tests.lab.basics import locked
from tests.lab.cluster import Lab
from tests.lab.manifests import deployment

KILLS = 200
A_PLAN = 5
"""Kills for each plan, before it is let come to its end."""
LONGEST = 1.5
"""Seconds after which a kill comes at the latest."""
CUT_OFF = 240.0
"""Seconds in which a plan must come to its end. A kill that cuts an eviction off may leave the pod alive and counted as
disrupted: its budget (`status.disruptedPods`) then allows none for two minutes, which a resume waits for."""
NODE, OTHER = "node-b", "node-a"
ACTOR = "auditor-actor"
PODS = 3
BUDGET = {
    "apiVersion": "policy/v1",
    "kind": "PodDisruptionBudget",
    "metadata": {"name": "app"},
    "spec": {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "app"}}},
}


class Round:
    """One plan: its fleet on one node, its kills, and what the cluster saw of it."""

    def __init__(self, lab: Lab, loop: Loop, namespace: str, chance: random.Random) -> None:
        self.lab, self.loop, self.namespace, self.chance = lab, loop, namespace, chance
        self._settle_on_node()
        self.seen = Seen(lab)
        self.plan = loop.approved("--drain", NODE)

    def run(self, kills: int) -> Counter[str]:
        """Kill it so often, and let it end. What was counted: kills, actions twice, plans lost, writes unsaid."""
        counted: Counter[str] = Counter()
        verb = "execute"
        for _ in range(kills):
            running = self.loop.start(verb, self.plan)
            running.process.join(self.chance.uniform(0.0, LONGEST))
            if running.process.exitcode is None:
                running.process.kill()
            running.process.join()
            if running.process.exitcode != -9:
                break
            counted["kills"] += 1
            counted["writes unsaid"] += self._unsaid()
            verb = "resume" if self._claimed() else "execute"
        said = self.loop.start(verb, self.plan).wait(CUT_OFF) if self.loop.state(self.plan) != "done" else None
        counted["plans"] += 1
        counted["actions twice"] += self._twice()
        lost = self.loop.state(self.plan) != "done" or self._on_node() or len(self._cordons()) != 1
        if lost:
            told = (self.loop.state(self.plan), len(self._on_node()), len(self._cordons()))
            print(f"  lost: {told} {said}", file=sys.stderr)
        counted["plans lost"] += bool(lost)
        proof = command.run(self.loop.home, "ledger", "verify")
        if proof.code:
            print(f"  ledger: {proof}", file=sys.stderr)
        counted["ledger faults"] += bool(proof.code)
        return counted

    def _settle_on_node(self) -> None:
        """All pods on the node that is to be drained."""
        self.lab.kubectl("uncordon", NODE)
        self.lab.kubectl("cordon", OTHER)
        self.lab.kubectl("delete", "pods", "--all", "-n", self.namespace, "--wait=false")
        self.lab.wait("the pods to be ready", lambda: len(self._on_node(ready=True)) == PODS, 60)
        self.lab.kubectl("uncordon", OTHER)

    def _on_node(self, ready: bool = False) -> list[dict[str, Any]]:
        pods = json.loads(self.lab.kubectl("get", "pods", "-n", self.namespace, "-o", "json"))["items"]
        found = [pod for pod in pods if pod["spec"].get("nodeName") == NODE]
        found = [pod for pod in found if pod["status"].get("phase") not in ("Succeeded", "Failed")]
        if not ready:
            return found
        return [
            pod
            for pod in found
            if "deletionTimestamp" not in pod["metadata"]
            and any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", ()))
        ]

    def _claimed(self) -> bool:
        return bool(self.loop.sql("SELECT 1 FROM claims WHERE run = ?", self.plan["run"]))

    def _cordons(self) -> list[dict[str, Any]]:
        return self.seen.writes(ACTOR, NODE)

    def _evictions(self) -> Counter[str]:
        return Counter(event["objectRef"]["name"] for event in self.seen.evictions(ACTOR, self.namespace))

    def _twice(self) -> int:
        """Evictions of one pod beyond the first, and cordons beyond the first."""
        return sum(times - 1 for times in self._evictions().values()) + max(len(self._cordons()) - 1, 0)

    def _unsaid(self) -> int:
        """Writes that the cluster has seen and the journal has not said beforehand."""
        rows = self.loop.sql("SELECT step FROM journal WHERE plan = ?", self.plan["id"])
        said = {step for (step,) in rows}
        return int(bool(self._cordons()) and 1 not in said) + int(bool(self._evictions()) and 2 not in said)


def measure(kills: int, lab: Lab, folder: Path) -> Counter[str]:
    """Kill so often, over as many plans as that takes."""
    grant_as_shipped(lab)
    loop, chance, total = Loop(lab, folder / "home"), random.Random(20), Counter[str]()
    namespace = lab.namespace(f"bench-kills-{secrets.token_hex(3)}")
    try:
        lab.apply(deployment("app", lab.image("app:v1"), replicas=PODS), namespace)
        lab.apply(BUDGET, namespace)
        while total["kills"] < kills:
            total += Round(lab, loop, namespace, chance).run(min(A_PLAN, kills - total["kills"]))
    finally:
        lab.kubectl("uncordon", NODE)
        lab.kubectl("uncordon", OTHER)
        lab.discard_namespace(namespace)
    return total


def main() -> None:
    """Print what was counted, where there is a lab."""
    if os.geteuid() != 0 or not lifecycle.is_made():
        print("kills on the lab: not measured, for the lab has not been made (make lab, as root)")
        return
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else KILLS
    with scratch() as folder, sessions.session(), locked("alone"):
        Path(folder).chmod(0o700)
        began = time.monotonic()
        total = measure(kills, Lab(), Path(folder))
        print(f"{total['kills']} SIGKILLs over {total['plans']} plans of two steps, {time.monotonic() - began:.0f} s")
        for name in ("actions twice", "plans lost", "writes unsaid", "ledger faults"):
            print(f"  {name:<16} {total[name]:>4}   target 0")


if __name__ == "__main__":
    main()
