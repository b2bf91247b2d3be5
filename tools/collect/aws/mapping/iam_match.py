"""Wildcards of IAM policies: whether a pattern holds for a name, for all of a kind of names, or for some of them.

`*` stands for any text and `?` for one character. That IAM compares an ARN part by part makes no difference for those
asked about here: none has more colons than those between its parts, so that a wildcard which swallowed one would leave
the pattern one too many. Only a pattern cut short (`arn:aws:ec2:*`) reaches over them, and does so in IAM too.
"""

from __future__ import annotations

import re
from functools import lru_cache

WILD = re.compile(r"[*?]")


def covers(pattern: str, text: str) -> bool:
    """Whether a pattern holds for a text; where the text has wildcards itself, for all that it stands for."""
    if pattern == "*":
        return True
    found = WILD.search(pattern)
    if found is None:
        return pattern == text
    return text.startswith(pattern[: found.start()]) and _covers(pattern, text)


def _covers(pattern: str, text: str) -> bool:
    at = here = 0
    star, mark = -1, 0
    while here < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, mark, at = at, here, at + 1
        elif at < len(pattern) and (pattern[at] == text[here] or (pattern[at] == "?" and text[here] != "*")):
            at, here = at + 1, here + 1
        elif star >= 0:
            mark += 1
            at, here = star + 1, mark
        else:
            return False
    return not pattern[at:].strip("*")


def overlaps(one: str, other: str) -> bool:
    """Whether some text fits both patterns. (Of one without wildcards, whether the other holds for it.)"""
    if WILD.search(other) is None:
        return covers(one, other)
    return _overlaps(one, other)


@lru_cache(maxsize=4096)
def _overlaps(one: str, other: str) -> bool:
    below = [not other[there:].strip("*") for there in range(len(other) + 1)]
    for here in reversed(range(len(one))):
        row = [False] * (len(other) + 1)
        row[-1] = one[here] == "*" and below[-1]
        for there in reversed(range(len(other))):
            if one[here] == "*":
                row[there] = below[there] or row[there + 1]
            elif other[there] == "*":
                row[there] = row[there + 1] or below[there]
            else:
                row[there] = (one[here] == other[there] or "?" in (one[here], other[there])) and below[there + 1]
        below = row
    return below[0]
