"""node-b runs the kubelet of another version than node-a; `Lab.restore_node` undoes it."""

from __future__ import annotations

from collections.abc import Iterator

from tests.lab import settings
from tests.lab.cluster import Lab
from tests.lab.scenarios.planted import HEALTHY, HOST_DRIFTED, Planted, planted, written

SCENARIO = "drifted_node"


@written
def drifted_node(lab: Lab) -> Iterator[Planted]:
    """Drift node-b; node-a stays healthy."""
    lab.drift_node("node-b")
    versions = {"version": settings.DRIFTED_VERSION, "expected": settings.KUBERNETES_VERSION}
    yield planted(SCENARIO, lab.get("node", "node-b"), HOST_DRIFTED, **versions)
    yield planted(SCENARIO, lab.get("node", "node-a"), HEALTHY, version=settings.KUBERNETES_VERSION)
