"""An AWS account and region as a place to act in."""

from __future__ import annotations

from tools.collect.actors import Actors
from tools.collect.aws import live
from tools.collect.aws.options import Options
from tools.collect.aws.session import Connection, connect
from tools.collect.sources import Source
from tools.errors import Refused
from tools.execute.aws.acting import Acting
from tools.model.facts import Facts


class Account:
    """One account and region under one profile's credentials."""

    asked = "GetCallerIdentity"

    def __init__(self, connection: Connection, actors: Actors) -> None:
        self.client = Acting(connection)
        self.name = f"profile {connection.name}"
        self._connection = connection
        self._actors = actors

    @classmethod
    def open(cls, source: Source) -> Account:
        """The account of a source."""
        return cls(connect(source.aws or Options()), Actors(source.actors))

    def scope(self) -> str:
        """Account and region."""
        return f"{self._connection.account}/{self._connection.region}"

    def user(self) -> str:
        """The ARN that STS says these credentials are (GetCallerIdentity), when the connection was opened."""
        if not self._connection.arn:
            raise Refused("not-authenticated", "AWS does not say who you are", mend="aws sts get-caller-identity")
        return self._connection.arn

    def collect(self) -> Facts:
        """A fresh look at the whole account and region."""
        return live.collect(self._connection.options, self._actors)
