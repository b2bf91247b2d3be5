"""apps/v1: Deployments, StatefulSets, DaemonSets, and the ReplicaSets and ControllerRevisions that are their releases.

Defaults are those that the API documents; a counter that is omitted when zero is zero.
"""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Raw, UnsetType

from tools.collect.kubernetes.wire.core import ReplicaSetSpec, ReplicaSetStatus
from tools.collect.kubernetes.wire.meta import Condition, ObjectMeta, Struct


class ReplicaSet(Struct, frozen=True):
    """apps/v1 ReplicaSet."""

    metadata: ObjectMeta
    spec: ReplicaSetSpec
    status: ReplicaSetStatus = ReplicaSetStatus()


class RollingUpdate(Struct, frozen=True):
    """`rollingUpdate` of a strategy: numbers or percentages, and a StatefulSet's partition."""

    max_unavailable: int | str | None = None
    max_surge: int | str | None = None
    partition: int = 0


class DeploymentStrategy(Struct, frozen=True):
    """`spec.strategy` of a Deployment."""

    type: Literal["RollingUpdate", "Recreate"] = "RollingUpdate"
    rolling_update: RollingUpdate | None = None


class UpdateStrategy(Struct, frozen=True):
    """`spec.updateStrategy` of a StatefulSet or a DaemonSet."""

    type: Literal["RollingUpdate", "OnDelete"] = "RollingUpdate"
    rolling_update: RollingUpdate | None = None


class DeploymentSpec(Struct, frozen=True):
    """`spec` of a Deployment; the template stays raw, to be digested."""

    template: Raw
    replicas: int = 1
    paused: bool = False
    progress_deadline_seconds: int = 600
    revision_history_limit: int = 10
    strategy: DeploymentStrategy = DeploymentStrategy()


class DeploymentStatus(Struct, frozen=True):
    """`status` of a Deployment."""

    observed_generation: int | None = None
    replicas: int = 0
    updated_replicas: int = 0
    available_replicas: int = 0
    conditions: list[Condition] | None = None


class Deployment(Struct, frozen=True):
    """apps/v1 Deployment."""

    metadata: ObjectMeta
    spec: DeploymentSpec
    status: DeploymentStatus | None = None


class StatefulSetSpec(Struct, frozen=True):
    """`spec` of a StatefulSet."""

    template: Raw
    replicas: int = 1
    revision_history_limit: int = 10
    update_strategy: UpdateStrategy = UpdateStrategy()


class StatefulSetStatus(Struct, frozen=True):
    """`status` of a StatefulSet. `available_replicas` is there since Kubernetes 1.22; before that there was no
    `minReadySeconds`, and every ready replica was available."""

    observed_generation: int | None = None
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int | None = None
    current_revision: str = ""
    update_revision: str = ""


class StatefulSet(Struct, frozen=True):
    """apps/v1 StatefulSet."""

    metadata: ObjectMeta
    spec: StatefulSetSpec
    status: StatefulSetStatus | None = None


class DaemonSetSpec(Struct, frozen=True):
    """`spec` of a DaemonSet."""

    template: Raw
    revision_history_limit: int = 10
    update_strategy: UpdateStrategy = UpdateStrategy()


class DaemonSetStatus(Struct, frozen=True):
    """`status` of a DaemonSet: it counts nodes."""

    observed_generation: int | None = None
    current_number_scheduled: int = 0
    desired_number_scheduled: int = 0
    updated_number_scheduled: int = 0
    number_available: int = 0


class DaemonSet(Struct, frozen=True):
    """apps/v1 DaemonSet."""

    metadata: ObjectMeta
    spec: DaemonSetSpec
    status: DaemonSetStatus | None = None


class ControllerRevision(Struct, frozen=True):
    """apps/v1 ControllerRevision. Its `data` is whatever its controller keeps there: a StatefulSet's and a
    DaemonSet's hold a `RevisionData`."""

    metadata: ObjectMeta
    revision: int
    data: Raw | UnsetType = UNSET


class RevisionSpec(Struct, frozen=True):
    """`data.spec` of a ControllerRevision."""

    template: Raw


class RevisionData(Struct, frozen=True):
    """`data` of a ControllerRevision of a StatefulSet or a DaemonSet: a patch of its template."""

    spec: RevisionSpec
