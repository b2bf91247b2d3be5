"""The place that a command acts in, or approves from, under the credentials that the command line names."""

from __future__ import annotations

from auditor.settings import Settings
from tools.collect.sources import Source
from tools.errors import Refused
from tools.execute.place import Place, open_place
from tools.model.plan import Plan


def acting_place(plan: Plan, context: str, kubeconfig: str, settings: Settings) -> Place:
    """The plan's scope, under a context's credentials. Raises `Refused` where they are another scope's."""
    place = open_place(Source(context=context, kubeconfig=kubeconfig or settings.kubeconfig, timeout=settings.timeout))
    found = place.scope()
    if found != plan.scope:
        raise Refused(
            "other-cluster",
            f"{place.name} is not the cluster of this plan",
            f"its kube-system has uid {found}, the plan's {plan.scope}",
            "choose the right --context",
        )
    return place
