"""A Deployment pinned by digest, rolled from v1 to v2 by the pipeline: nothing in it may be accused."""

from __future__ import annotations

from collections.abc import Iterator

from tests.lab.cluster import Lab
from tests.lab.scenarios import rollout
from tests.lab.scenarios.planted import HEALTHY, Planted, planted, written

SCENARIO = "healthy_release"


@written
def healthy_release(lab: Lab, namespace: str) -> Iterator[Planted]:
    """Plant `web`: healthy throughout."""
    lab.namespace(namespace)
    rollout.release(lab, namespace, "web", lab.image("app:v1"))
    web = rollout.release(lab, namespace, "web", lab.image("app:v2"))
    current = rollout.replica_set(lab, namespace, "web", lab.image("app:v2"))
    prior = rollout.replica_set(lab, namespace, "web", lab.image("app:v1"))
    yield planted(SCENARIO, web, HEALTHY, current=current["metadata"]["uid"], prior=prior["metadata"]["uid"])
    for item in (current, prior):
        yield planted(SCENARIO, item, HEALTHY)
    for pod in rollout.pods(lab, namespace, "web"):
        yield planted(SCENARIO, pod, HEALTHY, "app", image=lab.image("app:v2"))
