"""Conditions of policies, as far as they can be decided without a request: by region, account and principal.

What depends on the request itself (an address, a second factor, tags, a source) is undecided: None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tools.collect.aws.mapping.iam_documents import Conditions
from tools.collect.aws.mapping.iam_match import covers

Known = Mapping[str, str | None]
"""Condition keys, in lower case, whose value is known; None where the request has no such key (a role's
`aws:username`)."""


def _like(value: str, pattern: str) -> bool:
    return covers(pattern, value)


def _alike(value: str, other: str) -> bool:
    return value.lower() == other.lower()


_OPERATORS: dict[str, tuple[Callable[[str, str], bool], bool]] = {
    "stringequals": (str.__eq__, False),
    "stringnotequals": (str.__eq__, True),
    "stringequalsignorecase": (_alike, False),
    "stringnotequalsignorecase": (_alike, True),
    "stringlike": (_like, False),
    "stringnotlike": (_like, True),
    "arnequals": (_like, False),
    "arnlike": (_like, False),
    "arnnotequals": (_like, True),
    "arnnotlike": (_like, True),
    "bool": (_alike, False),
}
"""By operator: how a value is compared, and whether none of them may match."""


def holds(conditions: Conditions, known: Known) -> bool | None:
    """Whether all conditions of a statement hold; None where that depends on the request."""
    undecided = False
    for operator, key, values in conditions:
        one = _one(operator, key, values, known)
        if one is False:
            return False
        undecided = undecided or one is None
    return None if undecided else True


def _one(operator: str, key: str, values: tuple[str, ...], known: Known) -> bool | None:
    name = operator.rpartition(":")[2]  # ForAnyValue: and ForAllValues: say the same of a key with one value
    if key not in known or any("${" in value for value in values):
        return None
    value = known[key]
    if name == "null":
        return (value is None) == (values[:1] == ("true",))
    compare, negated = _OPERATORS.get(name.removesuffix("ifexists"), (None, False))
    if compare is None:
        return None
    if value is None:
        return negated or name.endswith("ifexists") or operator.startswith("forallvalues:")
    return any(compare(value, one) for one in values) != negated
