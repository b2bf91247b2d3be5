"""v1 and v2 are healthy, then v3 never gets ready: the rollout exceeds its deadline while v2 still serves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.lab.cluster import Lab
from tests.lab.manifests import deployment
from tests.lab.scenarios import rollout
from tests.lab.scenarios.planted import DEADLINE_EXCEEDED, HEALTHY, NEVER_READY, Planted, planted, written

SCENARIO = "broken_release"
DEADLINE = 12  # seconds


def progressing(deployment: dict[str, Any]) -> tuple[str, str]:
    """Status and reason of a Deployment's Progressing condition."""
    conditions = deployment["status"].get("conditions", [])
    return next(((c["status"], c["reason"]) for c in conditions if c["type"] == "Progressing"), ("", ""))


@written
def broken_release(lab: Lab, namespace: str) -> Iterator[Planted]:
    """Plant `shop`, and wait until its rollout has failed."""
    lab.namespace(namespace)
    images = {version: lab.image(f"app:{version}") for version in ("v1", "v2", "v3")}
    for version in ("v1", "v2"):
        rollout.release(lab, namespace, "shop", images[version], progressDeadlineSeconds=DEADLINE)
    lab.apply(deployment("shop", images["v3"], progressDeadlineSeconds=DEADLINE), namespace)

    def failed() -> dict[str, Any] | None:
        shop = lab.get("deployment", "shop", namespace)
        return shop if progressing(shop) == ("False", "ProgressDeadlineExceeded") else None

    shop = lab.wait("the rollout to exceed its deadline", failed, DEADLINE + 20)
    releases = {v: rollout.replica_set(lab, namespace, "shop", image) for v, image in images.items()}
    uids = {version: item["metadata"]["uid"] for version, item in releases.items()}
    yield planted(SCENARIO, shop, DEADLINE_EXCEEDED, releases=uids, images=images, current="v3", prior="v2")
    for version, item in releases.items():
        yield planted(SCENARIO, item, NEVER_READY if version == "v3" else HEALTHY, version=version)
    for pod in rollout.pods(lab, namespace, "shop"):
        version = "v3" if rollout.image_of(pod) == images["v3"] else "v2"
        yield planted(SCENARIO, pod, NEVER_READY if version == "v3" else HEALTHY, "app", version=version)
