"""A person adds an ephemeral container to a running pod, with `kubectl debug`.

There is no scenario of a resize: the kubelet of Kubernetes 1.36 crashes on one (a nil pod cgroup configuration in
doPodResizeAction) where `cgroupsPerQOS` is false, as it is in the lab.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.lab.cluster import Lab
from tests.lab.scenarios import rollout
from tests.lab.scenarios.planted import CONTAINER_ADDED, HEALTHY, Planted, planted, written

SCENARIO = "debugged"


def _runs(lab: Lab, namespace: str, pod: str) -> bool:
    """Whether the pod's ephemeral container runs."""
    statuses = lab.get("pod", pod, namespace)["status"].get("ephemeralContainerStatuses", [])
    return any("running" in one["state"] for one in statuses)


@written
def debugged(lab: Lab, namespace: str) -> Iterator[Planted]:
    """Plant `shop` with two pods: debugged, left alone."""
    lab.namespace(namespace)
    shop = rollout.release(lab, namespace, "shop", lab.image("app:v1"))
    victim, alone = (pod["metadata"]["name"] for pod in rollout.pods(lab, namespace, "shop"))
    helper = [
        "--image",
        lab.image("app:v2"),
        "--target",
        "app",
        "-c",
        "helper",
        "--profile",
        "general",
        "--",
        "sleep",
        "600",
    ]
    lab.kubectl("debug", f"pod/{victim}", "-n", namespace, *helper, user="alice")
    lab.wait("the ephemeral container to run", lambda: _runs(lab, namespace, victim), 30)
    yield planted(SCENARIO, lab.get("pod", victim, namespace), CONTAINER_ADDED, added="helper", by="alice")
    for item in (shop, lab.get("pod", alone, namespace)):
        yield planted(SCENARIO, item, HEALTHY)
