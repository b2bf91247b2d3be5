"""The places that a command acts in, or approves from, under the credentials that the command line names."""

from __future__ import annotations

import re

import msgspec

from auditor.commands.looking import actor_rules, aws_options
from auditor.settings import Settings
from tools.collect.sources import Source, parse_source
from tools.errors import Refused, SourceError
from tools.execute.place import Place, open_place
from tools.model.plan import Plan

_ACCOUNT = re.compile(r"\d{12}/[a-z0-9-]+")


class Credentials(msgspec.Struct, frozen=True):
    """What the command line says of whose credentials are used: a kubeconfig's context, and an AWS profile."""

    context: str = ""
    kubeconfig: str = ""
    profile: str = ""


def is_account(plan: Plan) -> bool:
    """Whether a plan begins in an AWS account and region, by its scope's id."""
    return _is_account(plan.scope)


def acting_place(plan: Plan, given: Credentials, settings: Settings, scope: str = "", known: bool = False) -> Place:
    """A scope of the plan (the first step's, where none is named) under its credentials: those of a kubeconfig's
    context or, of an account, of an AWS profile; `known`: it must say who they are before it is asked for more. Raises
    `Refused` where they are another scope's."""
    wanted = scope or plan.scope
    place = open_place(_source(plan, wanted, given, settings))
    if known:
        place.user()
    found = place.scope()
    if found == wanted:
        return place
    if _is_account(wanted):
        raise Refused(
            "other-account",
            f"{place.name} is not the account of this plan",
            f"it is {found}, the plan's {wanted}",
            "choose the right profile: --profile PROFILE",
        )
    raise Refused(
        "other-cluster",
        f"{place.name} is not the cluster of this plan",
        f"its kube-system has uid {found}, the plan's {wanted}",
        "choose the right --context",
    )


def acting_places(plan: Plan, given: Credentials, settings: Settings) -> dict[str, Place]:
    """All scopes of the plan under their credentials, by the scopes' ids. Raises `Refused`, `SourceError`."""
    return {scope: acting_place(plan, given, settings, scope) for scope in plan.scopes}


def reviewing_places(plan: Plan, given: Credentials, settings: Settings) -> tuple[dict[str, Place], list[str]]:
    """The scopes of the plan that an approver has credentials for, and why the others are left out: without the first
    step's nobody knows who approves; another one is theirs to look at if they can. What the command line names must be
    right. Raises `Refused`, `SourceError`."""
    first, *others = plan.scopes
    places, left = {first: acting_place(plan, given, settings, known=True)}, []
    for scope in others:
        try:
            places[scope] = acting_place(plan, given, settings, scope)
        except (Refused, SourceError) as error:
            if given.profile:
                raise
            left.append(f"{scope}: {error.message}")
    return places, left


def _is_account(scope: str) -> bool:
    return _ACCOUNT.fullmatch(scope) is not None


def _source(plan: Plan, scope: str, given: Credentials, settings: Settings) -> Source:
    if _is_account(scope):
        profile = given.profile or (given.context if is_account(plan) else "")
        named = f"aws:{profile}@{scope.partition('/')[2]}"
        rules = actor_rules(settings)
        return parse_source(named, timeout=settings.timeout, actors=rules, aws=aws_options(settings))
    kubeconfig = given.kubeconfig or settings.kubeconfig
    return Source(context=given.context, kubeconfig=kubeconfig, timeout=settings.timeout)
