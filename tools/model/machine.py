"""What a server has that a container has not: how it was launched, the doors into it, and the disks on it."""

from __future__ import annotations

from typing import Literal

import msgspec

from tools.model.identity import Ref
from tools.model.observation import seen

Way = Literal[
    "ssh",
    "rdp",
    "winrm",
    "key-pair",
    "session-manager",
    "run-command",
    "instance-connect",
    "serial-console",
    "modify-attribute",
]
"""A way into a server: an open port (22, 3389, 5985 and 5986), a key that is in it, or an API that enters it."""


class Machine(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a server reports of itself beside what it runs (EC2 `DescribeInstances`).

    `tokens` is `MetadataOptions.HttpTokens` (`required`, `optional`) and `endpoint` its `HttpEndpoint`; `hops` the
    `HttpPutResponseHopLimit`. `lifecycle` is its state in its group (`InService`, `Standby`, `Warmed:Stopped`, …; empty
    outside of one), `protected` whether scale-in must not end it (`ProtectedFromScaleIn`), `key` the name of its key
    pair, `profile` the ARN of its instance profile, `launched` when it was last started (`LaunchTime`), `type` its
    instance type, `address` its Elastic IP (empty: none), which a replacement has not, `doors` the keys of every
    `Access` that opens it (security group ids, `key:NAME`, `ssm:ID`, …).
    """

    tokens_seen: str | None = None
    endpoint: str = ""
    hops: int | None = None
    lifecycle: str = ""
    protected: bool = False
    key: str = ""
    profile: str = ""
    launched: str = ""
    type: str = ""
    address: str = ""
    doors: tuple[str, ...] = ()


class Access(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One way into servers: `ref` is what grants it (a security group, a key pair, a managed instance, the account's
    serial console). `door` is the key that `Machine.doors` names. `source` is from where (`0.0.0.0/0`, `sg-…`; empty
    where the API itself is the door; of a key pair that the account no longer has that), `ports` which (`22`,
    `0-65535`), `slot` the pointer of the rule. `who` are the principals who may use an API's door, ARNs with what is to
    be said of one in brackets (`… (under a condition)`), None where that was not read."""

    ref: Ref
    version: str = ""
    way: Way
    door: str
    source: str = ""
    ports: str = ""
    slot: str = ""
    who_seen: tuple[str, ...] | None = None

    @property
    def who(self) -> str:
        """The principals who may enter by it, in one text."""
        return ", ".join(seen(self.who_seen, self.ref, "who may use it (IAM was not read)"))


class Volume(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """A disk on a server: `kind` is `ebs` or `instance-store`; `root` says that the server starts from it, `kept` that
    it outlives the server (`DeleteOnTermination` false; None where that was not reported), `declared` that the image or
    the launch template names its device: else somebody attached it by hand, or a controller did that `claimed` names, a
    tag of the volume (`ebs.csi.aws.com/cluster`): a claim. `attached` is RFC 3339."""

    ref: Ref
    version: str = ""
    instance: Ref
    device: str
    kind: Literal["ebs", "instance-store"]
    root: bool = False
    kept: bool | None = None
    declared: bool | None = None
    attached: str = ""
    claimed: str = ""
