"""What an audit policy lets the log see, act by act: rules in order, the first that matches a request decides.

The semantics are those of k8s.io/apiserver's pkg/audit/policy: a rule's empty lists match everything, `pods` does not
match its subresources, `*` matches all of a group, `pods/*` all of a resource with its subresources, `*/scale` one
subresource of all; a request that no rule matches is not recorded. Rules are by the user who authenticated, not by the
one who is impersonated.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import yaml

from tools.collect.actors import Actors
from tools.collect.kubernetes.auditlog import wire
from tools.collect.kubernetes.auditlog.acts import REQUESTS
from tools.errors import SourceError
from tools.model.change import Act, Blind

_LONG = ("exec", "attach", "portforward")
"""Subresources whose requests also pass the stage ResponseStarted."""
_EVERYBODY = "system:authenticated"
_SYSTEM_GROUPS = ("system:nodes", "system:serviceaccounts:kube-system")
"""Groups that nobody logs in with."""


class Eyes(NamedTuple):
    """A policy's name, the acts that it could drop, and the system's own users whose acts it drops."""

    name: str
    blind: tuple[Blind, ...]
    system: tuple[str, ...]


def read_policy(file: Path) -> tuple[wire.Policy, str]:
    """A policy file, and the name that it goes by: the file's, with a digest of its content. Raises `SourceError`."""
    try:
        data = file.read_bytes()
        documents = [document for document in yaml.safe_load_all(data) if document is not None]
        policies = [d for d in documents if isinstance(d, dict) and d.get("kind") == "Policy"]
        if not policies:
            raise ValueError("it holds no document of kind Policy")
        policy = msgspec.convert(policies[0], wire.Policy)
        if not policy.api_version.startswith(wire.GROUP):
            raise ValueError(f"apiVersion is {policy.api_version or 'not there'}, not {wire.GROUP}v1")
    except (OSError, yaml.YAMLError, msgspec.ValidationError, ValueError, RecursionError) as error:
        raise SourceError(
            f"{file} is no audit policy", " ".join(str(error).split()), "give the API server's --audit-policy-file"
        ) from error
    return policy, f"{file.name} (sha256:{hashlib.sha256(data).hexdigest()[:12]})"


def eyes_of(policy: wire.Policy, name: str, rules: Actors) -> Eyes:
    """What a log under this policy could not have recorded."""
    blind: dict[tuple[Any, ...], set[str]] = {}
    system: set[str] = set()
    for (group, resource, subresource, verb), (act, kind) in REQUESTS.items():
        for spot in _dropped(policy, (group, resource, subresource, verb), rules, system):
            acts: tuple[Act, ...] = ("exec", "copy") if act == "exec" else (act,)
            for each in acts:
                blind.setdefault((each, *spot), set()).add(kind)
    spots = {
        Blind(act, reason, users, namespaces, tuple(sorted(kinds)))
        for (act, reason, users, namespaces), kinds in blind.items()
    }
    return Eyes(name, tuple(sorted(spots)), tuple(sorted(system)))


Spot = tuple[str, tuple[str, ...], tuple[str, ...]]
"""Reason, users and namespaces of a drop."""


def _dropped(
    policy: wire.Policy, request: tuple[str, str, str, str], rules: Actors, system: set[str]
) -> Iterator[Spot]:
    """Who could make a request that is not recorded, and where. Follows the rules until one decides for everybody."""
    group, resource, subresource, verb = request
    what = f"{verb} {resource}/{subresource}" if subresource else f"{verb} {resource}"
    for number, rule in enumerate(policy.rules, 1):
        named = _matches(rule, group, resource, subresource, verb)
        if named is None:
            continue
        people, own = _whom(rule, rules)
        if why := _drops(policy, rule, subresource):
            system.update(f"{user} (rule {number})" for user in own)
            if people != own or not own:
                yield f"rule {number} of the audit policy {why} ({what})", people, tuple(rule.namespaces or ())
        if not people and not own and not rule.namespaces and not named:
            return
    yield f"no rule of the audit policy takes it ({what})", (), ()


def _matches(rule: wire.PolicyRule, group: str, resource: str, subresource: str, verb: str) -> bool | None:
    """Whether a rule takes a request, whoever makes it and wherever: None where not, else whether only for objects of
    certain names."""
    if rule.verbs and verb not in rule.verbs:
        return None
    if not rule.resources:
        return None if rule.non_resource_urls and not rule.namespaces else False
    combined = f"{resource}/{subresource}" if subresource else resource
    named: bool | None = None
    for row in rule.resources:
        if row.group != group:
            continue
        if not row.resources:
            return False
        if not {combined, "*", f"{resource}/*", f"*/{subresource}" if subresource else "*"} & set(row.resources):
            continue
        if not row.resource_names:
            return False
        named = True
    return named


def _drops(policy: wire.Policy, rule: wire.PolicyRule, subresource: str) -> str:
    """Why a rule leaves no event of a request that could be read; empty where it does."""
    if rule.level == "None":
        return "has level None"
    omitted = {*(policy.omit_stages or ()), *(rule.omit_stages or ())}
    needed = {"ResponseComplete", "ResponseStarted"} if subresource in _LONG else {"ResponseComplete"}
    return "omits the stages that tell whether it succeeded" if needed <= omitted else ""


def _whom(rule: wire.PolicyRule, rules: Actors) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The people and pipelines, and the system's own users, whom a rule is about: both empty where it is about
    everybody, equal where it is about none but the system. Users and groups restrict each other."""
    users, groups = rule.users or [], [] if _EVERYBODY in (rule.user_groups or ()) else rule.user_groups or []
    own_groups = tuple(f"group {name}" for name in groups if name in _SYSTEM_GROUPS)
    own_users = tuple(user for user in users if user.startswith("system:") and rules.kind_of(user)[0] == "controller")
    if users and len(own_users) == len(users):
        return own_users, own_users
    if groups and len(own_groups) == len(groups):
        return own_groups, own_groups
    if users:
        return tuple(sorted(set(users) - set(own_users))), own_users
    return tuple(sorted({f"group {name}" for name in groups} - set(own_groups))), own_groups
