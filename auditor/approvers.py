"""Who may approve, as settings name them: `[[approvers]]`, each a person with the users and keys that are theirs.

Whoever approves is counted by this name, so that a person's user in the cluster and the same person's key are one. A
user or key of two approvers would let one person count twice, so it is an error of the settings.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, field_validator, model_validator

from auditor.signing.keys import PublicKey, parse_key

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Approver(BaseModel):
    """One of `[[approvers]]`: a person's `name`, their `users` as the cluster names them (SelfSubjectReview), and
    their public `keys` (an OpenSSH line; an Ed25519 key as PEM or base64). Who has keys alone approves by signature
    alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Text
    users: list[Text] = []
    keys: list[str] = []

    @field_validator("keys")
    @classmethod
    def _are_keys(cls, keys: list[str]) -> list[str]:
        for number, key in enumerate(keys, 1):
            try:
                parse_key(key)
            except ValueError as error:
                raise ValueError(f"key {number} can't be used: {error}") from error
        return keys

    @model_validator(mode="after")
    def _can_be_known(self) -> Self:
        if not (self.users or self.keys):
            raise ValueError(f"say how {self.name} is known: users or keys")
        return self

    @property
    def public_keys(self) -> tuple[PublicKey, ...]:
        """The keys, parsed."""
        return tuple(map(parse_key, self.keys))


def check_apart(approvers: list[Approver]) -> list[Approver]:
    """Raise ValueError where two approvers share a name, a user or a key; else the approvers."""
    taken: dict[tuple[str, str], int] = {}
    for number, approver in enumerate(approvers):
        marks = [("name", approver.name), *(("user", user) for user in approver.users)]
        marks += [("key", key.fingerprint) for key in approver.public_keys]
        for mark in marks:
            if taken.setdefault(mark, number) != number:
                other = approvers[taken[mark]].name
                raise ValueError(f"{other} and {approver.name} share the {mark[0]} {mark[1]}: one would count as two")
    return approvers


Approvers = Annotated[list[Approver], AfterValidator(check_apart)]
"""The approvers of the settings, no two of whom share anything."""


def name_of_user(approvers: Sequence[Approver], user: str) -> str:
    """The approver whose user this is. Empty where approvers are named and none of them has it; the user's own name
    where none are named at all."""
    if not approvers:
        return user
    return next((approver.name for approver in approvers if user in approver.users), "")


def name_of_key(approvers: Sequence[Approver], key: PublicKey) -> str:
    """The approver whose key this is; empty where it is nobody's."""
    return next((approver.name for approver in approvers if key in approver.public_keys), "")
