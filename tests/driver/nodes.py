"""Nodes of the lab that are servers of an embedded AWS, and the loop that replaces one: in both places, as four users
each with credentials of its own there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from auditor.embedded_aws.principals import Principal
from tests.aws_fleet import Fleet
from tests.driver import command
from tests.driver.kill_at import Stop
from tests.driver.loop import Loop
from tests.lab.cluster import Lab
from tests.lab.manifests import deployment
from tests.running import Said

TAINT = "example.com/no-machine"
SETTINGS = '[[policy.rules]]\nmode = "one-approver"\n\n[aws]\npaced = false\n'
ROOM = {"cpu": "4", "memory": "8Gi", "pods": "20"}


class ServerNode:
    """A Node object without a kubelet whose providerID names a server, and a Deployment that is scheduled to it alone:
    its pods are bound there and never start, and what is evicted waits for a node that takes it."""

    def __init__(self, lab: Lab, name: str, server: str, zone: str) -> None:
        self.lab, self.name, self.server = lab, name, server
        node = {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": name, "labels": {"example.com/own": name}},
            "spec": {"providerID": f"aws:///{zone}/{server}", "taints": [{"key": TAINT, "effect": "NoSchedule"}]},
        }
        lab.kubectl("create", "-f", "-", stdin=json.dumps(node))
        room = json.dumps({"status": {"capacity": ROOM, "allocatable": ROOM}})
        lab.kubectl("patch", "node", name, "--subresource=status", "-p", room)

    def fill(self, namespace: str, replicas: int = 2) -> None:
        """Let pods of a Deployment be bound to it."""
        manifest = deployment("app", self.lab.image("app:v1"), replicas=replicas)
        pod = manifest["spec"]["template"]["spec"]
        pod["terminationGracePeriodSeconds"] = 0  # nobody there would end them
        pod["nodeSelector"] = {"example.com/own": self.name}
        keys = (TAINT, "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
        pod["tolerations"] = [{"key": key, "operator": "Exists"} for key in keys]
        self.lab.apply(manifest, namespace)
        self.lab.wait("the pods to be bound", lambda: len(self.pods(namespace)) == replicas or None, 60)

    def pods(self, namespace: str) -> list[str]:
        """The pods of a namespace that are bound to it."""
        told = self.lab.kubectl("get", "pods", "-n", namespace, "-o", "json")
        return [p["metadata"]["name"] for p in json.loads(told)["items"] if p["spec"].get("nodeName") == self.name]

    def cordoned(self) -> bool:
        """Whether nothing new is scheduled to it."""
        told = json.loads(self.lab.kubectl("get", "node", self.name, "-o", "json"))
        return bool(told["spec"].get("unschedulable"))


class NodeLoop(Loop):
    """The loop over the lab and an embedded AWS at once."""

    def __init__(self, lab: Lab, fleet: Fleet, home: Path) -> None:
        super().__init__(lab, home)
        self.fleet = fleet
        self.readers = fleet.aws.role("auditor-reader", "audit")
        self.alice = fleet.aws.person("alice")
        self.actors = fleet.aws.role("auditor-actor", "execute")
        self.settings(SETTINGS)

    def run(self, who: tuple[Path, Principal], *words: str, stop: Stop | None = None) -> Said:
        """One command under a cluster's and an account's credentials, to its end."""
        kubeconfig, principal = who
        environment = self.fleet.aws.environment(principal)
        return command.run(self.home, *words, "--kubeconfig", kubeconfig, stop=stop, environment=environment)

    def planned(self, node: str, *more: str) -> Said:
        """`auditor plan --replace-node` over both."""
        sources = ("--source", "kubernetes:", "--source", "aws:")
        return self.run((self.reader, self.readers), "plan", "--replace-node", node, *sources, "--json", *more)

    def replacing(self, node: str) -> dict[str, Any]:
        """A plan to replace a node that alice has approved."""
        said = self.planned(node)
        assert said.code == 0, said
        plan = said.report
        code = plan["id"].removeprefix("p-")[:8]
        said = self.run((self.approver, self.alice), "approve", plan["run"], "--code", code)
        assert said.code == 0, said
        return plan

    def act(self, verb: str, plan: dict[str, Any], *more: str, stop: Stop | None = None) -> Said:
        """`auditor execute` or `auditor resume` as the actor of both places."""
        return self.run((self.actor, self.actors), verb, plan["run"], *more, stop=stop)
