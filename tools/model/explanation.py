"""The typed form of an explanation: every claim cites evidence by id. A deterministic explainer fills it from the
evidence; a language model can fill the same form, and what cites nothing is dropped."""

from __future__ import annotations

import msgspec


class Claim(msgspec.Struct, frozen=True):
    """One sentence and the ids of the evidence that it rests on."""

    text: str
    evidence: tuple[str, ...]


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Why a finding is so.

    `since` and `by` say what the evidence shows, and what is missing where it does not; `look` are the commands that
    show it, `mend` what a person should do; `by_model` names the model that wrote it (empty: deterministic).
    """

    finding: str
    cause: Claim
    claims: tuple[Claim, ...]
    since: str
    by: str
    look: tuple[str, ...]
    mend: tuple[str, ...] = ()
    by_model: str = ""
