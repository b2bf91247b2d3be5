"""Policy documents, decoded: what IAM keeps as URL-encoded JSON, and botocore and the AWS CLI hand on as JSON.

A document that can't be read raises `Unreadable`; nobody may say of its principal that it is not allowed something.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import msgspec

Conditions = tuple[tuple[str, str, tuple[str, ...]], ...]
"""Operator, key (both in lower case, since IAM does not tell cases apart there) and values."""


class Unreadable(ValueError):
    """A policy document that is none."""


class Statement(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One statement. `but` says that `actions` are those that it does not speak of (`NotAction`), `besides` the same of
    `resources` (`NotResource`); `variables` that `${…}` is one (documents of version 2012-10-17)."""

    allow: bool
    actions: tuple[str, ...]
    but: bool = False
    resources: tuple[str, ...] = ()
    besides: bool = False
    conditions: Conditions = ()
    variables: bool = False
    principals: tuple[tuple[str, str], ...] = ()
    anyone: bool = False


def statements(document: str | dict[str, Any]) -> tuple[Statement, ...]:
    """The statements of a document. Raises `Unreadable`."""
    body = _decoded(document)
    variables = body.get("Version") == "2012-10-17"
    found = body.get("Statement")
    listed = [found] if isinstance(found, dict) else found
    if not isinstance(listed, list):
        raise Unreadable("a policy without statements")
    return tuple(_statement(one, variables) for one in listed)


def _decoded(document: str | dict[str, Any]) -> dict[str, Any]:
    if isinstance(document, dict):
        return document
    text = document if document.lstrip().startswith("{") else unquote(document)
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise Unreadable(str(error)) from error


def _statement(body: Any, variables: bool) -> Statement:
    if not isinstance(body, dict) or body.get("Effect") not in ("Allow", "Deny"):
        raise Unreadable("a statement that neither allows nor denies")
    but, besides = "NotAction" in body, "NotResource" in body
    if but == ("Action" in body):
        raise Unreadable("a statement with no actions, or with two sets of them")
    principals, anyone = _principals(body)
    return Statement(
        allow=body["Effect"] == "Allow",
        actions=tuple(action.lower() for action in _texts(body["NotAction" if but else "Action"])),
        but=but,
        resources=_texts(body["NotResource" if besides else "Resource"]) if besides or "Resource" in body else (),
        besides=besides,
        conditions=_conditions(body.get("Condition", {})),
        variables=variables,
        principals=principals,
        anyone=anyone,
    )


def _principals(body: dict[str, Any]) -> tuple[tuple[tuple[str, str], ...], bool]:
    """Of a trust policy: pairs of kind (`AWS`, `Service`, `Federated`) and name, and whether it is anyone."""
    if "NotPrincipal" in body:
        return (), True
    found = body.get("Principal", {})
    if isinstance(found, str):
        return (), found == "*"
    if not isinstance(found, dict):
        raise Unreadable("a principal that is neither a text nor an object")
    pairs = tuple((kind, name) for kind, names in found.items() for name in _texts(names))
    return pairs, ("AWS", "*") in pairs


def _conditions(body: Any) -> Conditions:
    if not isinstance(body, dict) or not all(isinstance(keys, dict) for keys in body.values()):
        raise Unreadable("a condition that is no object of objects")
    return tuple(
        (operator.lower(), key.lower(), _texts(values))
        for operator, keys in body.items()
        for key, values in keys.items()
    )


def _texts(value: Any) -> tuple[str, ...]:
    """One text or several; booleans and numbers, which conditions may have, as JSON writes them."""
    listed = value if isinstance(value, list) else [value]
    if not all(isinstance(one, str | bool | int | float) for one in listed):
        raise Unreadable("a list with something else than texts")
    return tuple(one if isinstance(one, str) else msgspec.json.encode(one).decode() for one in listed)
