"""Running pods are changed through their subresources: an ephemeral container is added, a container is resized.

The resized container is one that ends and is started again, and it waits for that when it is resized: the kubelet of
Kubernetes 1.36 crashes on the resize of a running container where `cgroupsPerQOS` is false, as it is in the lab.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.lab import manifests
from tests.lab.cluster import Lab
from tests.lab.scenarios import rollout
from tests.lab.scenarios.planted import CONTAINER_ADDED, HEALTHY, RESIZED, Planted, planted, written

SCENARIO = "changed_while_running"
REQUEST = "20m"  # of processor time; the template asks for 10m


def _with_side(name: str, image: str) -> manifests.Manifest:
    """A Deployment of one pod with a second container, `side`, that ends after a second, again and again."""
    made = manifests.deployment(name, image, 1)
    requests = {"requests": {"cpu": "10m", "memory": "8Mi"}}
    side = {"name": "side", "image": image, "command": ["sleep", "1"], "resources": requests}
    made["spec"]["template"]["spec"]["containers"].append(side)
    return made


def _status(lab: Lab, namespace: str, pod: str, container: str) -> rollout.Item:
    """What the pod says of one of its containers; empty while it says nothing."""
    status = lab.get("pod", pod, namespace)["status"]
    told = [*status.get("containerStatuses", []), *status.get("ephemeralContainerStatuses", [])]
    return next((one for one in told if one["name"] == container), {})


def _debug(lab: Lab, namespace: str, pod: str) -> None:
    """Add the ephemeral container `helper`, and wait until it runs."""
    helper = ["--image", lab.image("app:v2"), "--target", "app", "-c", "helper", "--profile", "general"]
    lab.kubectl("debug", f"pod/{pod}", "-n", namespace, *helper, user="alice")
    lab.wait("helper to run", lambda: "running" in _status(lab, namespace, pod, "helper").get("state", {}), 30)


def _resize(lab: Lab, namespace: str, pod: str) -> None:
    """Resize `side` while it waits to be started again, and wait until it has run with what was asked for."""

    def waits() -> bool:
        waiting = _status(lab, namespace, pod, "side").get("state", {}).get("waiting", {})
        return bool(waiting.get("reason") == "CrashLoopBackOff")

    def is_resized() -> bool:
        said = _status(lab, namespace, pod, "side")
        return bool(said.get("resources", {}).get("requests", {}).get("cpu") == REQUEST)

    lab.wait("side to wait", waits, 45)
    wanted = {"spec": {"containers": [{"name": "side", "resources": {"requests": {"cpu": REQUEST}}}]}}
    patch = ["--subresource", "resize", "-p", json.dumps(wanted)]
    lab.kubectl("patch", "pod", pod, "-n", namespace, *patch, user="alice")
    lab.wait("side to be resized", is_resized, 60)


@written
def changed_while_running(lab: Lab, namespace: str) -> Iterator[Planted]:
    """Plant `shop` with two pods, debugged and left alone, and `sided` with a resized one."""
    lab.namespace(namespace)
    image = lab.image("app:v1")
    lab.apply(_with_side("sided", image), namespace)
    shop = rollout.release(lab, namespace, "shop", image)
    debugged, alone = (pod["metadata"]["name"] for pod in rollout.pods(lab, namespace, "shop"))
    _debug(lab, namespace, debugged)
    (resized,) = (pod["metadata"]["name"] for pod in rollout.pods(lab, namespace, "sided"))
    _resize(lab, namespace, resized)
    yield planted(SCENARIO, lab.get("pod", debugged, namespace), CONTAINER_ADDED, added="helper", by="alice")
    yield planted(SCENARIO, lab.get("pod", resized, namespace), RESIZED, resized="side", by="alice", cpu=REQUEST)
    for item in (shop, lab.get("pod", alone, namespace)):
        yield planted(SCENARIO, item, HEALTHY)
