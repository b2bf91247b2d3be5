"""Collect from a live cluster: lists with read-only credentials, and a second look at what dangles."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from tools.collect.kubernetes import gaps
from tools.collect.kubernetes.api import Api, ApiFailure
from tools.collect.kubernetes.assemble import assemble
from tools.collect.kubernetes.decode import Decoded
from tools.collect.kubernetes.lists import Reading, better, merge, read_list
from tools.collect.kubernetes.mapping import Mapping
from tools.collect.kubernetes.pointers import POINTERS
from tools.errors import SourceError
from tools.model.facts import Facts
from tools.model.identity import Scope
from tools.model.observation import Gap

LISTS = {
    "Pod": "/api/v1/pods",
    "ReplicaSet": "/apis/apps/v1/replicasets",
    "ReplicationController": "/api/v1/replicationcontrollers",
    "ControllerRevision": "/apis/apps/v1/controllerrevisions",
    "Job": "/apis/batch/v1/jobs",
    "Deployment": "/apis/apps/v1/deployments",
    "StatefulSet": "/apis/apps/v1/statefulsets",
    "DaemonSet": "/apis/apps/v1/daemonsets",
    "CronJob": "/apis/batch/v1/cronjobs",
    "Rollout": "/apis/argoproj.io/v1alpha1/rollouts",
    "PodDisruptionBudget": "/apis/policy/v1/poddisruptionbudgets",
    "Event": "/api/v1/events",
    "Node": "/api/v1/nodes",
}
"""Instances first, then their releases: an owner that is read later was there when its instances were."""

IDENTITY = "/api/v1/namespaces/kube-system"
"""The object whose uid is the cluster's identity."""

Progress = Callable[[str], None]


def scope_id(api: Api) -> str:
    """The cluster's identity: the uid of its kube-system namespace. Raises `ApiFailure`."""
    uid = (api.read(IDENTITY).get("metadata") or {}).get("uid")
    if not isinstance(uid, str) or not uid:
        raise ApiFailure(200, "broken", f"GET {IDENTITY}: the answer holds no uid")
    return uid


def collect(api: Api, progress: Progress = lambda _: None) -> Facts:
    """The facts of one cluster now. What could not be read is in `gaps`; raises `SourceError` only where nothing
    answers at all."""
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    scope, lost = _scope(api)
    readings = _lists(api, progress)
    decoded = _decoded(readings)
    mapping = Mapping(scope.id, decoded.objects)
    if mapping.dangling:
        progress("reading again what changed between two lists")
        readings = [better(*pair) for pair in zip(readings, _lists(api, progress), strict=True)]
        decoded = _decoded(readings)
        mapping = Mapping(scope.id, decoded.objects)
    failures = [gaps.of_failure(scope.id, r.kind, r.code, r.reason) for r in readings if r.code]
    return assemble(moment, scope, mapping, decoded, [*lost, *failures])


def _scope(api: Api) -> tuple[Scope, list[Gap]]:
    try:
        return Scope(id=scope_id(api), name=api.name, kind="kubernetes", pointers=POINTERS), []
    except ApiFailure as failure:
        if failure.status == 0 and failure.code == "unreachable":
            raise SourceError(
                f"context {api.name}: {failure.message}",
                failure.cause,
                "check the address in the kubeconfig, the network, and that the cluster runs",
            ) from failure
        name = f"context:{api.name}"
        lost = Gap(
            scope=name,
            noun="",
            code=failure.code,
            required=False,
            reason=f"the cluster's identity (uid of kube-system) was not read: {failure.message}",
            mend="grant the reading ClusterRole; until then fingerprints hang on the context's name",
        )
        return Scope(id=name, name=api.name, kind="kubernetes", stable=False, pointers=POINTERS), [lost]


def _lists(api: Api, progress: Progress) -> list[Reading]:
    readings = []
    for kind, path in LISTS.items():
        progress(f"reading {kind}s")
        readings.append(read_list(api, kind, path))
    return readings


def _decoded(readings: list[Reading]) -> Decoded:
    decoded = Decoded()
    for reading in readings:
        merge(decoded, reading.decoded)
        decoded.listed.add(reading.kind)
    return decoded
