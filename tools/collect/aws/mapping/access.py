"""The ways into the servers of an account and region, told apart, and who may go each: `Access`.

Ports that security groups open, keys that are on servers, Systems Manager, EC2 Instance Connect, the serial console,
and the API that changes a server's own attributes. A door that somebody must be allowed by IAM says who is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Protocol

from tools.collect.aws.answers import Answers
from tools.collect.aws.mapping.access_ports import of_group
from tools.collect.aws.mapping.iam import Iam, principals
from tools.collect.aws.operation import Operation
from tools.collect.aws.reads_access import (
    AUTHORIZATION,
    CONNECT_ENDPOINTS,
    KEY_PAIRS,
    MANAGED,
    SECURITY_GROUPS,
    SERIAL_CONSOLE,
)
from tools.model.identity import Ref
from tools.model.instance import Instance
from tools.model.machine import Access
from tools.model.observation import Gap

ACCESS_POINTERS = {
    "Access.source": "{slot}",
    "Access.ports": "/IpPermissions",
    "KeyPair.door": "/KeyName",
    "ManagedInstance.door": "/InstanceId",
}
"""Where each field of an access stands in AWS's own documents."""
GONE = "no longer in the account"
"""The source of a key pair that is on a server and not in the account: nobody there can take it away or replace it."""
_ENTERED = ("Online", "ConnectionLost")
"""States of a managed instance in which a session or a command reaches it, at once or when its agent is back."""


class HasInstances(Protocol):
    """What was made of the servers before."""

    @property
    def instances(self) -> tuple[Instance, ...]:
        """All servers of the scope."""


def of(answers: Answers, compute: HasInstances) -> tuple[tuple[Access, ...], tuple[Gap, ...]]:
    """The ways into the servers that were read, and what could not be told of them."""
    servers = [one for one in compute.instances if one.machine_seen is not None and not one.finished]
    doors = _Doors(answers, servers)
    found = [*doors.ports(), *doors.keys(), *doors.managed(), *doors.connect(), *doors.account()]
    return tuple(sorted(set(found))), tuple(doors.gaps())


def read(answers: Answers, operation: Operation[Any]) -> bool:
    """Whether an operation was answered to its end, so that what it does not name is not there."""
    return operation.key in answers.whole and answers.failed(operation) is None


class _Doors:
    def __init__(self, answers: Answers, servers: list[Instance]) -> None:
        self._answers, self._scope = answers, answers.scope
        self._behind: dict[str, list[str]] = defaultdict(list)
        for one in servers:
            for door in one.machine.doors:
                self._behind[door].append(one.ref.name)
        self._servers = [one.ref.name for one in servers]
        pages = answers.of(AUTHORIZATION)
        known = bool(pages) and answers.failed(AUTHORIZATION) is None
        self._iam = Iam(principals(pages, answers.account), answers.account, answers.region) if known else None
        groups = {group.group_id: group for group in answers.of(SECURITY_GROUPS)}
        self._groups = [groups[name] for name in sorted(groups) if name in self._behind]
        named = {door for door in self._behind if door.startswith("sg-")}
        self._missing = sorted(named - groups.keys()) if read(answers, SECURITY_GROUPS) else []

    def ports(self) -> Iterator[Access]:
        """The ports that the servers' security groups open."""
        for group in self._groups:
            yield from of_group(self._scope, self._answers.account, group)

    def keys(self) -> Iterator[Access]:
        """The key pairs that the servers were launched with: in the machine they stay, also when the account's entry is
        deleted. (Whether somebody has put other keys there since, no API tells.)"""
        known = {key.key_name: key for key in self._answers.of(KEY_PAIRS)}
        for door in sorted(self._behind):
            name = door.removeprefix("key:")
            if name == door:
                continue
            key = known.get(name)
            gone = GONE if key is None and read(self._answers, KEY_PAIRS) else ""
            uid, version = (key.key_pair_id, key.key_fingerprint) if key else ("", "")
            yield Access(
                ref=Ref(self._scope, "KeyPair", "", name, uid), version=version, way="key-pair", door=door, source=gone
            )

    def managed(self) -> Iterator[Access]:
        """Session Manager and Run Command, for each server that Systems Manager manages."""
        for one in self._answers.of(MANAGED):
            door, iam = f"ssm:{one.instance_id}", self._iam
            if door not in self._behind or one.ping_status not in _ENTERED:
                continue
            ref = Ref(self._scope, "ManagedInstance", "", one.instance_id, one.instance_id)
            enter = iam.may("ssm:StartSession", one.instance_id, "shell") if iam else None
            yield Access(ref=ref, way="session-manager", door=door, who_seen=enter)
            command = iam.may("ssm:SendCommand", one.instance_id, "any") if iam else None
            yield Access(ref=ref, way="run-command", door=door, who_seen=command)

    def connect(self) -> Iterator[Access]:
        """EC2 Instance Connect, which puts a key into a server for a minute: where a security group opens ssh, to
        whoever it opens it, and from each endpoint in its network. Its door is that group's; where IAM lets nobody send
        a key there is none."""
        for group in self._groups:
            ssh = [one for one in of_group(self._scope, self._answers.account, group) if one.way == "ssh"]
            behind = self._behind[group.group_id]
            who = self._iam.may_any("ec2-instance-connect:SendSSHPublicKey", behind) if self._iam else None
            if not ssh or who == ():
                continue
            sources = [(one.source, one.ports, one.slot) for one in ssh]
            for endpoint in self._answers.of(CONNECT_ENDPOINTS):
                if endpoint.state == "create-complete" and endpoint.vpc_id == group.vpc_id:
                    sources.append((endpoint.instance_connect_endpoint_id, "22", ""))
            for source, ports, slot in sources:
                yield Access(
                    ref=ssh[0].ref,
                    way="instance-connect",
                    door=group.group_id,
                    source=source,
                    ports=ports,
                    slot=slot,
                    who_seen=who,
                )

    def account(self) -> Iterator[Access]:
        """The doors that the account opens to all servers at once."""
        iam, servers, region = self._iam, self._servers, self._answers.region
        if any(one.serial_console_access_enabled for one in self._answers.of(SERIAL_CONSOLE)):
            ref = Ref(self._scope, "SerialConsole", "", region, "")
            push = iam.may_any("ec2-instance-connect:SendSerialConsoleSSHPublicKey", servers) if iam else None
            yield Access(ref=ref, way="serial-console", door="serial", who_seen=push)
        change = iam.may_any("ec2:ModifyInstanceAttribute", servers) if iam else None
        ref = Ref(self._scope, "InstanceAttribute", "", region, "")
        yield Access(ref=ref, way="modify-attribute", door="attribute", who_seen=change)

    def gaps(self) -> Iterator[Gap]:
        """What could not be told."""
        if self._missing:
            yield Gap(
                scope=self._scope,
                noun="Access",
                code="dangling",
                reason=f"servers are in security groups that were not found: {', '.join(self._missing)}",
                count=len(self._missing),
                required=False,
            )
        if self._iam is None:  # the call that failed is a gap of its own
            return
        yield Gap(
            scope=self._scope,
            noun="",
            code="not-given",
            reason="service and resource control policies of the organization, policies of sessions and of resources "
            "are not read: who is named as allowed may be forbidden by them; the root user is bound by no policy here",
            required=False,
        )
