"""A pod that has never been ready, for longer than a short promise; the rollout has not missed its deadline."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from tests.lab import manifests
from tests.lab.cluster import Lab
from tests.lab.scenarios import rollout
from tests.lab.scenarios.planted import HEALTHY, LATE, Planted, planted, written

SCENARIO = "never_ready_pod"
PROMISE = 30  # seconds


def age(item: rollout.Item) -> float:
    return (datetime.now(UTC) - datetime.fromisoformat(item["metadata"]["creationTimestamp"])).total_seconds()


@written
def never_ready_pod(lab: Lab, namespace: str) -> Iterator[Planted]:
    """Plant `slow`, whose one pod serves and never says that it is ready; then `quick`, which does at once."""
    lab.namespace(namespace)
    lab.apply(manifests.deployment("slow", lab.image("app:v3"), 1), namespace)
    (slow,) = lab.wait("the pod", lambda: rollout.pods(lab, namespace, "slow"), 20)
    lab.wait("it to be older than the promise", lambda: age(slow) > PROMISE + 5, PROMISE + 20)
    quick = rollout.release(lab, namespace, "quick", lab.image("app:v1"), 1)
    yield planted(SCENARIO, lab.get("pod", slow["metadata"]["name"], namespace), LATE, promise=PROMISE)
    for item in (quick, *rollout.pods(lab, namespace, "quick")):
        yield planted(SCENARIO, item, HEALTHY)
