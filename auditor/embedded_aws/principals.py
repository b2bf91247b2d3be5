"""Who calls: access keys that the embedded AWS handed out, and whose they are."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import msgspec

SERVICE_ROLE = "AWSServiceRoleForAutoScaling"


class Principal(msgspec.Struct, frozen=True):
    """A caller as CloudTrail's `userIdentity` tells it: `session` is set where it is an assumed role's, `service` where
    an AWS service acts on its own (`autoscaling.amazonaws.com`)."""

    account: str
    name: str
    key: str
    session: str = ""
    service: str = ""

    @property
    def username(self) -> str:
        """What `LookupEvents` calls it."""
        return self.session or self.name

    def identity(self) -> dict[str, Any]:
        """The `userIdentity` of its events."""
        stable = hashlib.sha256(self.name.encode()).digest()
        unique = base64.b32encode(stable).decode()[:17]
        if not self.session:
            return {
                "type": "IAMUser",
                "principalId": f"AIDA{unique}",
                "arn": f"arn:aws:iam::{self.account}:user/{self.name}",
                "accountId": self.account,
                "accessKeyId": self.key,
                "userName": self.name,
            }
        path = "aws-service-role/autoscaling.amazonaws.com/" if self.service else ""
        identity: dict[str, Any] = {
            "type": "AssumedRole",
            "principalId": f"AROA{unique}:{self.session}",
            "arn": f"arn:aws:sts::{self.account}:assumed-role/{self.name}/{self.session}",
            "accountId": self.account,
            "accessKeyId": self.key,
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "principalId": f"AROA{unique}",
                    "arn": f"arn:aws:iam::{self.account}:role/{path}{self.name}",
                    "accountId": self.account,
                    "userName": self.name,
                },
                "attributes": {"mfaAuthenticated": "false"},
            },
        }
        return identity | ({"invokedBy": self.service} if self.service else {})


def person(account: str, name: str) -> Principal:
    """An IAM user with an access key."""
    return Principal(account, name, _key("AKIA", account, name))


def role(account: str, name: str, session: str) -> Principal:
    """A session of an assumed role."""
    return Principal(account, name, _key("ASIA", account, name, session), session)


def auto_scaling(account: str) -> Principal:
    """Amazon EC2 Auto Scaling, acting by its service-linked role."""
    key = _key("ASIA", account, SERVICE_ROLE)
    return Principal(account, SERVICE_ROLE, key, "AutoScaling", "autoscaling.amazonaws.com")


def _key(prefix: str, *of: str) -> str:
    digest = hashlib.sha256("/".join(of).encode()).digest()
    return prefix + base64.b32encode(digest).decode()[:16]
