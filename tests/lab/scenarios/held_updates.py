"""Workloads whose new template doesn't replace their pods by itself: OnDelete, a partition, all at once, a bare set."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tests.lab import manifests
from tests.lab.cluster import Lab
from tests.lab.scenarios import rollout
from tests.lab.scenarios.healthy_sets import sized
from tests.lab.scenarios.planted import HEALTHY, HELD_BACK, NOT_REPLACING, Planted, planted, written

SCENARIO = "held_updates"
PARTITION = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
AT_ONCE = {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": "100%"}}
KINDS = {"on-delete": "DaemonSet", "partition": "StatefulSet"}
STRATEGIES = {"on-delete": {"type": "OnDelete"}, "partition": PARTITION}


def _released(lab: Lab, namespace: str, images: list[str]) -> bool:
    """Whether both controllers have seen their template, and their four pods are ready and run these images."""
    pods = []
    for name, kind in KINDS.items():
        item = lab.get(kind, name, namespace)
        if item["status"].get("observedGeneration") != item["metadata"]["generation"]:
            return False
        pods += rollout.pods(lab, namespace, name)
    return [rollout.image_of(pod) for pod in pods] == images and all(map(rollout.is_ready, pods))


@written
def held_updates(lab: Lab, namespace: str) -> Iterator[Planted]:
    """Plant `on-delete`, `partition`, `at-once` and `bare-set`; the first two have a new template and old pods."""
    lab.namespace(namespace)
    first, second = lab.image("app:v1"), lab.image("app:v2")
    for image, images in ((first, [first] * 4), (second, [*[first] * 3, second])):  # partition-1 alone is replaced
        for name, kind in KINDS.items():
            lab.apply(manifests.workload(kind, name, image, updateStrategy=STRATEGIES[name], **sized(kind)), namespace)
        released = partial(_released, lab, namespace, images)
        lab.wait("what may be replaced to be replaced", released, 60)
    bare_set = lab.apply(manifests.workload("ReplicaSet", "bare-set", first, replicas=1), namespace)
    at_once = rollout.release(lab, namespace, "at-once", first, 2, strategy=AT_ONCE)
    lab.wait("bare-set's pod", lambda: all(map(rollout.is_ready, rollout.pods(lab, namespace, "bare-set"))), 30)
    for name, kind in KINDS.items():
        item = lab.get(kind, name, namespace)
        yield planted(SCENARIO, item, NOT_REPLACING, why=name)
        yield planted(SCENARIO, item, HELD_BACK, template=second)
    yield planted(SCENARIO, at_once, NOT_REPLACING, why="maxUnavailable 100%")
    yield planted(SCENARIO, bare_set, NOT_REPLACING, why="a bare ReplicaSet")
    for pod in lab.objects("pods", namespace):
        yield planted(SCENARIO, pod, HEALTHY, "app")
