"""A Deployment whose image is named by a tag alone, which may be moved to something else."""

from __future__ import annotations

from collections.abc import Iterator

from tests.lab.cluster import Lab
from tests.lab.scenarios import rollout
from tests.lab.scenarios.planted import TAG_ONLY, Planted, planted, written

SCENARIO = "tagged_release"


@written
def tagged_release(lab: Lab, namespace: str) -> Iterator[Planted]:
    """Plant `tagged`: the Deployment, its ReplicaSet and its pods name a tag."""
    lab.namespace(namespace)
    image = lab.image("app:v1", pinned=False)
    tagged = rollout.release(lab, namespace, "tagged", image)
    release = rollout.replica_set(lab, namespace, "tagged", image)
    for item in (tagged, release, *rollout.pods(lab, namespace, "tagged")):
        yield planted(SCENARIO, item, TAG_ONLY, "app", image=image, digest=lab.digest("app:v1"))
