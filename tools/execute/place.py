"""Where a plan acts, or is looked at from: one scope under one set of credentials. A file for each kind of scope makes
one; the loop around the executors knows this alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from tools.collect.sources import Source
from tools.model.facts import Facts


class Place(Protocol):
    """One scope under one set of credentials, which never leave the process.

    `name` is what people call these credentials (`context prod`, `profile ops@eu-central-1`), `client` what the
    executors of this kind of scope talk to it by, `asked` by what it says who they are (`SelfSubjectReview`,
    `GetCallerIdentity`).
    """

    name: str
    client: Any
    asked: str

    def scope(self) -> str:
        """The id of the scope that answers. Raises `ApiFailure` where it does not say."""

    def user(self) -> str:
        """Who the scope says that these credentials are. Raises `Refused` where it knows nobody by them."""

    def collect(self) -> Facts:
        """A fresh look at the whole scope."""


Places = Mapping[str, Place]
"""The places that a plan is carried out in, by the ids of their scopes: each under credentials of its own."""


def open_place(source: Source) -> Place:
    """The place of a live source. Raises `SourceError` where it can't be opened."""
    if source.aws is not None:
        from tools.execute.aws.account import Account

        return Account.open(source)
    from tools.execute.cluster import Cluster

    return Cluster.open(source)
