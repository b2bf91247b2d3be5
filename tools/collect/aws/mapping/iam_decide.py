"""Whether a principal's policies allow an action on a resource: IAM's evaluation within one account.

An explicit deny beats an allow, what nothing allows is denied, and a permissions boundary must allow it too. What
can't be decided without a request is `MAY`, and what hangs on a policy that was not read is `UNREAD`; neither is a no.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

import msgspec

from tools.collect.aws.mapping.iam_conditions import Known, holds
from tools.collect.aws.mapping.iam_documents import Statement
from tools.collect.aws.mapping.iam_match import covers, overlaps


class Level(IntEnum):
    """How far somebody is allowed something; the lower of two decides where both are asked for."""

    DENIED = 0
    NO = 1
    UNREAD = 2
    MAY = 3
    YES = 4


class Policies(msgspec.Struct, frozen=True, gc=False):
    """The statements of some policies, and whether one of those could not be read."""

    statements: tuple[Statement, ...] = ()
    unread: bool = False


class Principal(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A user or a role: its ARN, the name of a `user` (a role: empty), what its own and its groups' policies say, its
    permissions boundary (None: it has none), and what is to be said of it (`marks`)."""

    arn: str
    user: str = ""
    identity: Policies
    boundary: Policies | None = None
    marks: tuple[str, ...] = ()


def decide(principal: Principal, action: str, resource: str, known: Known) -> Level:
    """How far a principal may do something (`ssm:SendCommand`) to a resource, an ARN or all of a kind."""
    level = _of(principal.identity, action.lower(), resource, known)
    if principal.boundary is None:
        return level
    return min(level, _of(principal.boundary, action.lower(), resource, known))


def _of(policies: Policies, action: str, resource: str, known: Known) -> Level:
    doubtful, level = False, Level.NO
    for statement in policies.statements:
        applies = _applies(statement, action, resource, known)
        if applies is False:
            continue
        if not statement.allow:
            if applies:
                return Level.DENIED
            doubtful = True
        else:
            level = max(level, Level.YES if applies else Level.MAY)
    if policies.unread:
        return Level.UNREAD
    return min(level, Level.MAY) if doubtful else level


def _applies(statement: Statement, action: str, resource: str, known: Known) -> bool | None:
    if not names(statement, action):
        return False
    about = _about(statement, resource, known)
    if about is False:
        return False
    met = holds(statement.conditions, known)
    return met if about or met is False else None


def names(statement: Statement, action: str) -> bool:
    """Whether a statement speaks of an action (in lower case)."""
    return any(covers(pattern, action) for pattern in statement.actions) != statement.but


def _about(statement: Statement, resource: str, known: Known) -> bool | None:
    """Whether a statement speaks of a resource; None where of a part of it, or where a variable decides."""
    touched: bool | None = False
    for pattern in statement.resources:
        one = _matches(pattern, resource, known if statement.variables else None)
        if one:
            return not statement.besides
        touched = None if one is None else touched
    return None if touched is None else statement.besides


def _matches(pattern: str, resource: str, known: Known | None) -> bool | None:
    filled, certain = (pattern, True) if known is None else _filled(pattern, known)
    if filled is None:
        return False
    if covers(filled, resource):
        return True if certain else None
    return None if overlaps(filled, resource) else False


def _filled(pattern: str, known: Known) -> tuple[str | None, bool]:
    """A pattern with its variables' values, and whether all are known (one that is not may be anything). None where it
    matches nothing, since a variable has no value."""
    certain, pieces = True, pattern.split("${")
    text = pieces[0]
    for piece in pieces[1:]:
        name, closed, rest = piece.partition("}")
        if not closed:
            return pattern, True
        if name in ("*", "?", "$"):  # the character itself, and no ARN of an instance or a document has one
            return None, True
        value = known.get(name.lower(), "*")
        if value is None:
            return None, True
        certain = certain and name.lower() in known
        text += value + rest
    return text, certain


def particular(principal: Principal, action: str, kind: str, known: Known) -> bool:
    """Whether the answer may differ within a kind of resources (`…:instance/*`): a pattern holds for a part of it."""
    both: Iterable[Policies] = (principal.identity, principal.boundary or Policies())
    return any(
        _matches(pattern, kind, known if statement.variables else None) is None
        for policies in both
        for statement in policies.statements
        if names(statement, action.lower())
        for pattern in statement.resources
    )
