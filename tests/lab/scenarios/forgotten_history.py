"""There is no way back: a Deployment that keeps no history, and one whose earlier ReplicaSet was deleted."""

from __future__ import annotations

from collections.abc import Iterator

from tests.lab.cluster import Lab
from tests.lab.scenarios import rollout
from tests.lab.scenarios.planted import HEALTHY, PRIOR_GONE, Planted, planted, written

SCENARIO = "forgotten_history"
LIMITS: dict[str, dict[str, int]] = {"keeps-none": {"revisionHistoryLimit": 0}, "pruned": {}, "keeps": {}}


@written
def forgotten_history(lab: Lab, namespace: str) -> Iterator[Planted]:
    """Plant `keeps-none`, `pruned` and the healthy `keeps`, each in its second release, one pod each."""
    lab.namespace(namespace)
    first, second = lab.image("app:v1"), lab.image("app:v2")
    for name, limits in LIMITS.items():
        rollout.release(lab, namespace, name, first, 1, **limits)
        rollout.release(lab, namespace, name, second, 1, **limits)
    prior = rollout.replica_set(lab, namespace, "pruned", first)["metadata"]["name"]
    lab.kubectl("delete", "replicaset", prior, "-n", namespace, user="ci-bot")
    for name in ("keeps-none", "pruned"):
        gone = lambda name=name: len(lab.objects("replicasets", namespace, f"app={name}")) == 1  # noqa: E731
        lab.wait(f"the earlier release of {name} to be gone", gone, 30)
        yield planted(SCENARIO, lab.get("deployment", name, namespace), PRIOR_GONE, limits=LIMITS[name])
    yield planted(SCENARIO, lab.get("deployment", "keeps", namespace), HEALTHY)
    for pod in lab.objects("pods", namespace):
        yield planted(SCENARIO, pod, HEALTHY, "app")
