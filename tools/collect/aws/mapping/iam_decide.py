"""Whether a principal's policies allow an action on a resource: IAM's evaluation within one account.

An explicit deny beats an allow, what nothing allows is denied, and a permissions boundary must allow it too. What
can't be decided without a request is `MAY`, and what hangs on a policy that was not read is `UNREAD`; neither is a no.
"""

from __future__ import annotations

from collections.abc import Iterator
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


class Rule(msgspec.Struct, frozen=True, gc=False):
    """A statement as far as it speaks of one action of one principal. `sure` says that its conditions hold, and not
    only that they may; `patterns` are its resources, each with whether all of its variables are known."""

    allow: bool
    sure: bool
    besides: bool
    patterns: tuple[tuple[str, bool], ...]

    def about(self, resource: str) -> bool | None:
        """Whether it speaks of a resource; None where of a part of it, or where a variable decides."""
        touched: bool | None = False
        for pattern, certain in self.patterns:
            one = _matches(pattern, certain, resource)
            if one:
                return not self.besides
            touched = None if one is None else touched
        return None if touched is None else self.besides


class Rules(msgspec.Struct, frozen=True, gc=False):
    """What some policies say of one action."""

    rules: tuple[Rule, ...]
    unread: bool

    def level(self, resource: str) -> Level:
        """How far they allow it on a resource."""
        doubtful, level = False, Level.NO
        for rule in self.rules:
            about = rule.about(resource)
            if about is False:
                continue
            applies = bool(about) and rule.sure
            if rule.allow:
                level = max(level, Level.YES if applies else Level.MAY)
            elif applies:
                return Level.DENIED
            else:
                doubtful = True
        if self.unread:
            return Level.UNREAD
        return min(level, Level.MAY) if doubtful else level


class Judge(msgspec.Struct, frozen=True, gc=False):
    """One principal and one action."""

    identity: Rules
    boundary: Rules | None

    def level(self, resource: str) -> Level:
        """How far the principal may do it to a resource, an ARN or all of a kind."""
        level = self.identity.level(resource)
        return level if self.boundary is None else min(level, self.boundary.level(resource))

    def particular(self, kind: str) -> bool:
        """Whether the answer may differ within a kind of resources (`…:instance/*`): a pattern holds for a part."""
        both = (*self.identity.rules, *(self.boundary.rules if self.boundary is not None else ()))
        return any(_matches(pattern, certain, kind) is None for rule in both for pattern, certain in rule.patterns)


def judge(principal: Principal, action: str, known: Known) -> Judge:
    """What a principal's policies say of an action (`ssm:SendCommand`)."""
    boundary = principal.boundary
    return Judge(
        _rules(principal.identity, action.lower(), known),
        None if boundary is None else _rules(boundary, action.lower(), known),
    )


def names(statement: Statement, action: str) -> bool:
    """Whether a statement speaks of an action (in lower case)."""
    return any(covers(pattern, action) for pattern in statement.actions) != statement.but


def _rules(policies: Policies, action: str, known: Known) -> Rules:
    found = []
    for statement in policies.statements:
        if not names(statement, action):
            continue
        met = holds(statement.conditions, known)
        if met is not False:
            patterns = tuple(_patterns(statement, known))
            found.append(Rule(statement.allow, met is True, statement.besides, patterns))
    return Rules(tuple(found), policies.unread)


def _patterns(statement: Statement, known: Known) -> Iterator[tuple[str, bool]]:
    for pattern in statement.resources:
        if not statement.variables or "${" not in pattern:
            yield pattern, True
            continue
        filled, certain = _filled(pattern, known)
        if filled is not None:
            yield filled, certain


def _matches(pattern: str, certain: bool, resource: str) -> bool | None:
    if covers(pattern, resource):
        return True if certain else None
    return None if overlaps(pattern, resource) else False


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
