"""Runs the embedded AWS: a thread of this process that listens on the loopback, for as long as a `with` lasts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from auditor.embedded_aws import world
from auditor.embedded_aws.clock import Clock, RealClock
from auditor.embedded_aws.principals import Principal, person, role
from auditor.embedded_aws.world import World
from tools.errors import AuditorError

ACCOUNT = "123456789012"
REGION = "eu-central-1"
MEND = "pip install 'moto[ec2,server,ssm]>=5.2'"


class EmbeddedAws:
    """A running embedded AWS: where it is, whom it knows, and what a test may do to it behind the API's back."""

    def __init__(self, endpoint: str, region: str, held: World) -> None:
        self.endpoint = endpoint
        self.region = region
        self.account = ACCOUNT
        self._world = held

    @property
    def clock(self) -> Clock:
        """Its clock."""
        return self._world.clock

    def person(self, name: str) -> Principal:
        """An IAM user of this name: who calls with its key is told so by the trail."""
        return self._known(person(self.account, name))

    def role(self, name: str, session: str) -> Principal:
        """A session of a role of this name."""
        return self._known(role(self.account, name, session))

    def client(self, caller: Principal | None = None) -> dict[str, str]:
        """The keyword arguments of `boto3.client`, for a caller (the account's operator where none is named)."""
        who = caller or self.person("operator")
        given = {
            "endpoint_url": self.endpoint,
            "region_name": self.region,
            "aws_access_key_id": who.key,
            "aws_secret_access_key": "embedded",
        }
        return given | ({"aws_session_token": "embedded"} if who.session else {})

    def environment(self, caller: Principal | None = None) -> dict[str, str]:
        """The same as environment variables, for another process: nothing of the machine's own settings is left."""
        given = self.client(caller)
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
            "AWS_ACCESS_KEY_ID": given["aws_access_key_id"],
            "AWS_SECRET_ACCESS_KEY": given["aws_secret_access_key"],
            "AWS_SESSION_TOKEN": given.get("aws_session_token", ""),
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def refuse_launches(self, group: str, reason: str) -> None:
        """From now on no instance of a group can be launched, for this reason (no capacity, a quota)."""
        self._world.refused_launches[group] = reason

    def allow_launches(self, group: str) -> None:
        """Instances of a group can be launched again."""
        self._world.refused_launches.pop(group, None)

    def shelf(self, kind: str, region: str = "") -> list[Any]:
        """What the API only reads: `managed instances`, `patch states`, `coverage`, `images`, … to be added to."""
        return self._world.shelf(kind, self.account, region or self.region)

    def reset(self) -> None:
        """Forget everything: as new."""
        from moto.moto_api._internal.models import moto_api_backend

        moto_api_backend.reset()
        self._world.clear()

    def _known(self, who: Principal) -> Principal:
        known = self._world.shelf("principals", "", "")
        if who not in known:
            known.append(who)
        return who


@contextmanager
def serve(
    clock: Clock | None = None, *, boot_seconds: float = 0, region: str = REGION, seed: int | None = None
) -> Iterator[EmbeddedAws]:
    """Run an embedded AWS on 127.0.0.1, on a port that is free. An instance is in service `boot_seconds` after its
    launch; with a `seed`, identifiers are the same each time. Raises `AuditorError` without moto, or where one runs."""
    if world.running():
        raise AuditorError("an embedded AWS runs already", "moto keeps one state for a process", "use that one")
    try:
        from auditor.embedded_aws import listening
    except ImportError as error:
        raise AuditorError("the embedded AWS needs moto, which is not installed", str(error), MEND) from error
    held = World(clock or RealClock(), boot_seconds)
    world.enter(held)
    try:
        with listening.listen(seed) as endpoint:
            aws = EmbeddedAws(endpoint, region, held)
            try:
                yield aws
            finally:
                aws.reset()
    finally:
        world.enter(None)
