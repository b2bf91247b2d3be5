"""A person runs commands in running pods: one changes a file, one names a program that isn't there, one is forbidden.

The second has entered the container all the same: the API server answers 101 before the runtime looks for the program.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from tests.lab.basics import LabError
from tests.lab.cluster import Lab
from tests.lab.scenarios import rollout
from tests.lab.scenarios.planted import ENTERED, HEALTHY, Planted, planted, written

SCENARIO = "entered_by_exec"
CHANGES = "echo changed > /www/motd"
MISSING = "/bin/not-there"


def _enter(lab: Lab, namespace: str, pod: str, user: str, *command: str) -> None:
    lab.kubectl("exec", pod, "-n", namespace, "-c", "app", "--", *command, user=user)


@written
def entered_by_exec(lab: Lab, namespace: str) -> Iterator[Planted]:
    """Plant `shop` with four pods: changed, entered in vain, forbidden, left alone."""
    lab.namespace(namespace)
    shop = rollout.release(lab, namespace, "shop", lab.image("app:v1"), 4)
    changed, missed, refused, alone = rollout.pods(lab, namespace, "shop")
    lab.kubectl("create", "rolebinding", "bob-views", "-n", namespace, "--clusterrole", "view", "--user", "bob")
    _enter(lab, namespace, changed["metadata"]["name"], "alice", "sh", "-c", CHANGES)
    for pod, user, command in ((missed, "alice", MISSING), (refused, "bob", "ls")):
        with contextlib.suppress(LabError):  # both fail, each in its own way
            _enter(lab, namespace, pod["metadata"]["name"], user, command)
    yield planted(SCENARIO, shop, HEALTHY)
    yield planted(SCENARIO, changed, ENTERED, act="exec", by="alice", command=["sh", "-c", CHANGES])
    yield planted(SCENARIO, missed, ENTERED, act="exec", by="alice", command=[MISSING])
    yield planted(SCENARIO, refused, HEALTHY, refused="bob", command=["ls"])
    yield planted(SCENARIO, alone, HEALTHY)
