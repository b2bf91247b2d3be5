"""argoproj.io/v1alpha1: the Rollout of Argo Rollouts (docs/features/specification.md of argoproj/argo-rollouts)."""

from __future__ import annotations

from msgspec import UNSET, Raw, UnsetType

from tools.collect.kubernetes.wire.meta import Condition, ObjectMeta, Struct


class Canary(Struct, frozen=True):
    """`spec.strategy.canary`."""

    max_unavailable: int | str = "25%"
    max_surge: int | str = "25%"


class BlueGreen(Struct, frozen=True):
    """`spec.strategy.blueGreen`: only that it is there is used."""


class RolloutStrategy(Struct, frozen=True):
    """`spec.strategy` of a Rollout: one of the two."""

    canary: Canary | None = None
    blue_green: BlueGreen | None = None


class RolloutSpec(Struct, frozen=True):
    """`spec` of a Rollout. Without a template it takes another workload's (`workloadRef`)."""

    template: Raw | UnsetType = UNSET
    replicas: int | None = None
    paused: bool = False
    progress_deadline_seconds: int | None = None
    revision_history_limit: int | None = None
    strategy: RolloutStrategy = RolloutStrategy()


class RolloutStatus(Struct, frozen=True):
    """`status` of a Rollout; `observedGeneration` is text."""

    observed_generation: str = ""
    replicas: int = 0
    updated_replicas: int = 0
    available_replicas: int = 0
    current_pod_hash: str = ""
    phase: str = ""
    message: str = ""
    abort: bool = False
    conditions: list[Condition] | None = None


class Rollout(Struct, frozen=True):
    """argoproj.io/v1alpha1 Rollout."""

    metadata: ObjectMeta
    spec: RolloutSpec
    status: RolloutStatus | None = None
