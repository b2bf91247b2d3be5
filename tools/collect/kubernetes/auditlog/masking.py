"""Keeps secrets out of what is stored of a request: commands are masked, texts are capped."""

from __future__ import annotations

import re

LONGEST = 200
"""How many characters of a text are kept."""
_LOOKED_AT = 1000
"""How many are looked at: the patterns take quadratic time on what somebody made to take it."""
_VALUE = r"('[^']*'|\"[^\"]*\"|[^\s'\"&;]+)"
_NAME = r"(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?)"
_SECRETS = (
    re.compile(rf"(?i)({_NAME}[\w.-]*['\"]?\s*[=:]\s*){_VALUE}"),
    re.compile(rf"(?i)(--?[\w-]*{_NAME}[\w-]*\s+){_VALUE}"),
    re.compile(rf"(?i)((?:bearer|basic)\s+){_VALUE}"),
    re.compile(rf"(?i)(authorization['\"]?\s*[=:]\s*)(?!['\"]?(?:bearer|basic)\b){_VALUE}"),
    re.compile(r"(://[^\s/:@]*:)([^\s/@]+)(?=@)"),
    re.compile(r"((?:^|\s)(?:-u|--user)[= ]\s*[^\s:]+:)(\S+)"),
    re.compile(r"((?:mysql\w*|mariadb\w*)\b[^|;]*\s-p)([^\s'\"]+)"),
    re.compile(r"()(eyJ[\w-]{10,}\.[\w-]{10,}\.?[\w-]*)"),  # a JSON web token
    re.compile(r"()((?:AKIA|ASIA)[A-Z0-9]{16}|gh[pousr]_\w{20,}|glpat-[\w-]{20,}|xox[abp]-[\w-]{10,})"),
)


def masked(text: str) -> str:
    """A text in which what looks like a secret is masked, capped."""
    text = text[:_LOOKED_AT]
    for pattern in _SECRETS:
        text = pattern.sub(r"\1***", text)
    return capped(text)


def capped(text: str) -> str:
    """A text of at most `LONGEST` characters."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
