"""PodDisruptionBudgets, and the workloads whose instances they cover."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from tools.collect.kubernetes import wire
from tools.model.identity import Ref
from tools.model.nouns import Budget, Instance

Labels = dict[str, str]


def budgets_of(
    scope: str, found: list[wire.PodDisruptionBudget], pods: dict[str, Any], instances: list[Instance]
) -> Iterator[Budget]:
    """The budgets, in the order in which they are given. `pods` are the wire's, by uid: they hold the labels."""
    spaces = {budget.metadata.namespace for budget in found}
    labelled: dict[str, dict[tuple[tuple[str, str], ...], set[Ref]]] = defaultdict(lambda: defaultdict(set))
    for instance in instances:
        if instance.ref.namespace in spaces:
            labels = pods[instance.ref.uid].metadata.labels or {}
            labelled[instance.ref.namespace][tuple(sorted(labels.items()))].add(instance.workload)
    for budget in found:
        meta, spec, status = budget.metadata, budget.spec, budget.status
        selector = spec.selector
        covers = {
            workload
            for labels, workloads in (labelled[meta.namespace].items() if selector is not None else ())
            if selector is not None and matches(selector, dict(labels))
            for workload in workloads
        }
        yield Budget(
            ref=Ref(scope, "PodDisruptionBudget", meta.namespace, meta.name, meta.uid),
            version=meta.resource_version,
            covers=tuple(sorted(covers)),
            min_available="" if spec.min_available is None else str(spec.min_available),
            max_unavailable="" if spec.max_unavailable is None else str(spec.max_unavailable),
            allowed=status.disruptions_allowed if status.observed_generation else None,
        )


def matches(selector: wire.Selector, labels: Labels) -> bool:
    """Whether labels are what a selector asks for, as metav1.LabelSelector says."""
    wanted = selector.match_labels or {}
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _holds(requirement, labels) for requirement in selector.match_expressions or ()
    )


def _holds(requirement: wire.Requirement, labels: Labels) -> bool:
    match requirement.operator:
        case "In":
            return labels.get(requirement.key) in (requirement.values or ())
        case "NotIn":
            return labels.get(requirement.key) not in (requirement.values or ())
        case "Exists":
            return requirement.key in labels
        case _:
            return requirement.key not in labels
