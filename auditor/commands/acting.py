"""The place that a command acts in, or approves from, under the credentials that the command line names."""

from __future__ import annotations

import re

from auditor.commands.looking import actor_rules, aws_options
from auditor.settings import Settings
from tools.collect.sources import Source, parse_source
from tools.errors import Refused
from tools.execute.place import Place, open_place
from tools.model.plan import Plan

_ACCOUNT = re.compile(r"\d{12}/[a-z0-9-]+")


def is_account(plan: Plan) -> bool:
    """Whether a plan is of an AWS account and region, by its scope's id."""
    return _ACCOUNT.fullmatch(plan.scope) is not None


def acting_place(plan: Plan, context: str, kubeconfig: str, settings: Settings) -> Place:
    """The plan's scope, under the credentials of a kubeconfig's context or, for servers, of the AWS profile of that
    name. Raises `Refused` where they are another scope's."""
    place = open_place(_source(plan, context, kubeconfig, settings))
    found = place.scope()
    if found == plan.scope:
        return place
    if is_account(plan):
        raise Refused(
            "other-account",
            f"{place.name} is not the account of this plan",
            f"it is {found}, the plan's {plan.scope}",
            "choose the right profile: --context PROFILE",
        )
    raise Refused(
        "other-cluster",
        f"{place.name} is not the cluster of this plan",
        f"its kube-system has uid {found}, the plan's {plan.scope}",
        "choose the right --context",
    )


def _source(plan: Plan, context: str, kubeconfig: str, settings: Settings) -> Source:
    if is_account(plan):
        named = f"aws:{context}@{plan.scope.partition('/')[2]}"
        rules = actor_rules(settings)
        return parse_source(named, timeout=settings.timeout, actors=rules, aws=aws_options(settings))
    return Source(context=context, kubeconfig=kubeconfig or settings.kubeconfig, timeout=settings.timeout)
