"""Who may assume a role, as marks beside its name: a service alone, an identity provider, another account.

A role that only AWS services assume is nobody's hand; one that another account may assume lets its people in.
"""

from __future__ import annotations

from collections.abc import Iterator

from tools.collect.aws.mapping.iam_decide import names
from tools.collect.aws.mapping.iam_documents import Statement, Unreadable, statements
from tools.collect.aws.wire.access import RoleDetail

LINKED = "/aws-service-role/"
"""The path of service-linked roles, which a service made and only it assumes."""
_ASSUME = ("sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity")


def marks_of(role: RoleDetail, account: str) -> tuple[str, ...]:
    """What is to be said of who may assume a role; nothing of one that this account's own principals may."""
    try:
        trusted = [one for one in statements(role.assume_role_policy_document) if _assumes(one)]
    except Unreadable:
        return ("who may assume it was not read",)
    told = sorted({mark for statement in trusted for mark in _marks(statement, account)})
    services = sorted({name for one in trusted for kind, name in one.principals if kind == "Service"})
    people = told or any(kind != "Service" for one in trusted for kind, _ in one.principals)
    if services and not people:
        linked = "service-linked, " if role.path.startswith(LINKED) else ""
        return (f"{linked}assumed only by {', '.join(services)}",)
    return tuple(told) if trusted else ("nobody may assume it",)


def _assumes(statement: Statement) -> bool:
    return statement.allow and any(names(statement, action) for action in _ASSUME)


def _marks(statement: Statement, account: str) -> Iterator[str]:
    condition = ", under a condition" if statement.conditions else ""
    if statement.anyone:
        yield f"assumable from any account{condition}"
    for kind, name in statement.principals:
        if kind == "Federated":
            yield f"assumed through {provider(name)}"
        owner = _account(name) if kind == "AWS" else account
        if owner not in ("", account):
            yield f"assumable from account {owner}{condition}"


def provider(name: str) -> str:
    """An identity provider without its account: `token.actions.githubusercontent.com`, `saml-provider/Okta`."""
    resource = name.split(":", 5)[5] if name.startswith("arn:") and name.count(":") >= 5 else name
    return resource.removeprefix("oidc-provider/")


def _account(name: str) -> str:
    """The account of a trusted principal: an id, or an ARN's; empty where it names none (a principal that was deleted
    is left as its unique id)."""
    parts = name.split(":")
    owner = parts[4] if len(parts) > 5 else name
    return owner if owner.isdigit() else ""
