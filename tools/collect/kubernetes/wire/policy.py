"""policy/v1: PodDisruptionBudgets."""

from __future__ import annotations

from tools.collect.kubernetes.wire.meta import ObjectMeta, Selector, Struct


class BudgetSpec(Struct, frozen=True):
    """`spec`; without a selector it matches no pod."""

    selector: Selector | None = None
    min_available: int | str | None = None
    max_unavailable: int | str | None = None


class BudgetStatus(Struct, frozen=True):
    """`status`: without `observedGeneration` the controller has not written it yet."""

    observed_generation: int = 0
    disruptions_allowed: int = 0


class PodDisruptionBudget(Struct, frozen=True):
    """policy/v1 PodDisruptionBudget."""

    metadata: ObjectMeta
    spec: BudgetSpec = BudgetSpec()
    status: BudgetStatus = BudgetStatus()
