"""A tag is moved to another image while pods run by it: nothing in the cluster's specifications changes.

`tag_in_use` releases two pods by a tag of the namespace's own. Then `restarted_by_moved_tag` moves it and lets one
container restart, or `started_by_moved_tag` moves it and scales the Deployment up.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.lab import manifests, nodes, registry, settings
from tests.lab.cluster import Lab
from tests.lab.scenarios import rollout
from tests.lab.scenarios.patched_in_place import running_image_id
from tests.lab.scenarios.planted import (
    HEALTHY,
    MIXED_IMAGES,
    RESTARTED_AS_OTHER,
    TAG_ONLY,
    Planted,
    planted,
    written,
)

SCENARIO = "moved_tag"


def _tag(namespace: str) -> str:
    return f"app:{namespace}"


def _deployment(lab: Lab, namespace: str, replicas: int) -> manifests.Manifest:
    made = manifests.deployment("tagged", f"{settings.REGISTRY}/{_tag(namespace)}", replicas)
    made["spec"]["template"]["spec"]["containers"][0]["imagePullPolicy"] = "Always"
    return made


def _ready(lab: Lab, namespace: str, replicas: int) -> list[rollout.Item]:
    """The Deployment's pods once they are as many, and ready."""
    found = rollout.pods(lab, namespace, "tagged")
    return found if len(found) == replicas and all(map(rollout.is_ready, found)) else []


def _labels(lab: Lab, namespace: str) -> Iterator[Planted]:
    """The Deployment is healthy but for its tag; each pod runs what the tag pointed to when it started."""
    yield planted(SCENARIO, lab.get("deployment", "tagged", namespace), HEALTHY)
    for pod in rollout.pods(lab, namespace, "tagged"):
        yield planted(SCENARIO, pod, TAG_ONLY, "app", running=running_image_id(pod))


def _mixed(lab: Lab, namespace: str) -> Planted:
    (release,) = lab.objects("replicasets", namespace, "app=tagged")
    return planted(SCENARIO, release, MIXED_IMAGES, "app", tag=_tag(namespace))


@written
def tag_in_use(lab: Lab, namespace: str) -> Iterator[Planted]:
    """Plant `tagged`: two pods by a tag that is another name of app:v1."""
    lab.namespace(namespace)
    registry.tag(lab.digest("app:v1"), _tag(namespace))
    lab.apply(_deployment(lab, namespace, 2), namespace)
    lab.wait("two ready pods", lambda: _ready(lab, namespace, 2), 45)
    yield from _labels(lab, namespace)


@written
def restarted_by_moved_tag(lab: Lab, namespace: str) -> Iterator[Planted]:
    """After `tag_in_use`: move the tag to app:v2, and end one container as a crash would; no request names the pod."""
    registry.tag(lab.digest("app:v2"), _tag(namespace))
    victim, _ = rollout.pods(lab, namespace, "tagged")
    name, status = victim["metadata"]["name"], victim["status"]["containerStatuses"][0]
    nodes.kill_container(settings.NODES[victim["spec"]["nodeName"]], status["containerID"])

    def restarted() -> rollout.Item | None:
        pod = lab.get("pod", name, namespace)
        return pod if running_image_id(pod).endswith(lab.digest("app:v2")) else None

    other = lab.wait("the container to run the other image", restarted, 45)
    lab.wait("two ready pods", lambda: _ready(lab, namespace, 2), 45)
    yield from _labels(lab, namespace)
    yield planted(SCENARIO, other, RESTARTED_AS_OTHER, "app", was=status["imageID"], running=running_image_id(other))
    yield _mixed(lab, namespace)


@written
def started_by_moved_tag(lab: Lab, namespace: str) -> Iterator[Planted]:
    """After `tag_in_use`: move the tag to app:v2, and have the pipeline ask for a third pod."""
    registry.tag(lab.digest("app:v2"), _tag(namespace))
    lab.apply(_deployment(lab, namespace, 3), namespace)
    lab.wait("three ready pods", lambda: _ready(lab, namespace, 3), 45)
    yield from _labels(lab, namespace)
    yield _mixed(lab, namespace)
