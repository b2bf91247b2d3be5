"""A healthy release that a person entered once and scaled by hand; what runs is still what was released."""

from __future__ import annotations

from collections.abc import Iterator

from tests.lab.cluster import Lab
from tests.lab.scenarios import rollout
from tests.lab.scenarios.planted import CHANGED_BY_HAND, ENTERED, HEALTHY, Planted, planted, written

SCENARIO = "visited"


@written
def visited(lab: Lab, namespace: str) -> Iterator[Planted]:
    """Plant `desk` with two pods; alice runs a command in the first and asks for a third."""
    lab.namespace(namespace)
    image = lab.image("app:v1")
    rollout.release(lab, namespace, "desk", image)
    entered = rollout.pods(lab, namespace, "desk")[0]
    command = ["sh", "-c", "echo hello > /www/motd"]
    lab.kubectl("exec", entered["metadata"]["name"], "-n", namespace, "-c", "app", "--", *command, user="alice")
    lab.kubectl("scale", "deployment/desk", "--replicas=3", "-n", namespace, user="alice")
    desk = rollout.wait_until_whole(lab, namespace, "desk", 3, image)
    yield planted(SCENARIO, desk, CHANGED_BY_HAND, act="scale", by="alice")
    for pod in rollout.pods(lab, namespace, "desk"):
        was_entered = pod["metadata"]["uid"] == entered["metadata"]["uid"]
        if was_entered:
            yield planted(SCENARIO, pod, ENTERED, act="exec", by="alice", command=command)
        else:
            yield planted(SCENARIO, pod, HEALTHY)
