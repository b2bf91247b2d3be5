"""Pods that are kept or done although no workload of Kubernetes owns them: nobody is to blame.

A static pod, which its kubelet keeps; a pod that a custom resource controls, of which nobody knows whether it would
replace it; a finished pod of a ConfigMap. The custom resource's definition stays in the lab's cluster.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.lab import manifests, settings
from tests.lab.basics import write
from tests.lab.cluster import Lab
from tests.lab.scenarios import rollout
from tests.lab.scenarios.planted import HEALTHY, UNKNOWN_OWNER, Planted, planted, written
from tests.lab.scenarios.unmanaged_pods import config_map, owned

SCENARIO = "unusual_owners"
GROUP, KIND, PLURAL = "lab.example.com", "Keeper", "keepers"
NODE = settings.NODES["node-a"]


def definition() -> manifests.Manifest:
    """A CustomResourceDefinition (apiextensions.k8s.io/v1) without a controller."""
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{PLURAL}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {"kind": KIND, "plural": PLURAL, "singular": KIND.lower()},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }


def finished_pod(name: str, image: str) -> manifests.Manifest:
    """A pod that lists a folder and ends."""
    pod = manifests.bare_pod(name, image)
    del pod["spec"]["containers"][0]["readinessProbe"]
    pod["spec"]["containers"][0]["command"] = ["ls", "/"]
    pod["spec"]["restartPolicy"] = "Never"
    return pod


def run_static_pod(namespace: str, pod: manifests.Manifest) -> None:
    """Have the kubelet of `NODE` run a pod; the file goes with its namespace."""
    placed = {**pod, "metadata": {**pod["metadata"], "namespace": namespace}}
    write(NODE.static_pods / f"{namespace}.{pod['metadata']['name']}.json", json.dumps(placed))


@written
def unusual_owners(lab: Lab, namespace: str) -> Iterator[Planted]:
    """Plant `static-node-a`, `kept` and `done`."""
    lab.namespace(namespace)
    image = lab.image("app:v1")
    lab.kubectl("apply", "-f", "-", stdin=json.dumps(definition()))
    lab.kubectl("wait", "--for=condition=Established", f"crd/{PLURAL}.{GROUP}", "--timeout=20s")
    keeper = {"apiVersion": f"{GROUP}/v1", "kind": KIND, "metadata": {"name": "keeper"}, "spec": {}}
    run_static_pod(namespace, manifests.bare_pod("static", image))
    kept = owned(manifests.bare_pod("kept", image), lab.apply(keeper, namespace), controller=True)
    done = owned(finished_pod("done", image), lab.apply(config_map("owner"), namespace))
    for pod in (kept, done):
        lab.apply(pod, namespace)

    def settled() -> dict[str, rollout.Item]:
        found = {pod["metadata"]["name"]: pod for pod in lab.objects("pods", namespace)}
        ended = found.get("done", {}).get("status", {}).get("phase") == "Succeeded"
        ready = [name for name, pod in found.items() if rollout.is_ready(pod)]
        return found if ended and ready == ["kept", f"static-{NODE.name}"] else {}

    pods = lab.wait("the pods to run and to end", settled, 45)
    yield planted(SCENARIO, pods["kept"], UNKNOWN_OWNER, "app", owner=KIND)
    yield planted(SCENARIO, pods[f"static-{NODE.name}"], HEALTHY, "app", owner="Node")
    yield planted(SCENARIO, pods["done"], HEALTHY, "app", phase="Succeeded")
