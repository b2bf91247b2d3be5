"""Nobody can enter or change a running server, but whom `auditor.toml` names.

**Why.** Whoever can log in can change a server in place, and one day does: at 3 a.m., with the best of intentions. A
server that only its release decides needs no door. Doors differ: a port that is open to the world is found within
minutes; an API's door asks who comes, and leaves a record.

**What is examined.** Each way in by itself, with a cause of its own: rules of its security groups to SSH (22), RDP
(3389) and WinRM (5985, 5986), open to the world or to less; its key pair; Session Manager, Run Command, EC2 Instance
Connect, the serial console, and `ModifyInstanceAttribute` (stop, new user data, start), with the principals who may by
IAM. Who may come in by which way is declared: sources for a port, names for a key pair, principals for an API:

    [checks.server-access]
    administrators = ["arn:aws:iam::123456789012:role/break-glass"]   # by any API

    [checks.server-access.allow]
    ssh = ["sg-0123456789abcdef0"]
    session-manager = ["arn:aws:iam::*:role/on-call"]

An open port and a key are violations unless they are allowed. An API's door is one once somebody has declared who may
(`administrators`, or `allow` for that way) and others may too, or anybody at all (`*`) may. Until then it is
inconclusive, with who may: every account has administrators, and nothing here says who they should be.

**How to fix.** Remove the rules and the key from the launch template and replace the servers. Take
`ssm:StartSession`, `ssm:SendCommand`, `ec2-instance-connect:*` and `ec2:ModifyInstanceAttribute` from people, or hold
them behind a role for emergencies that is declared here. `aws ec2 disable-serial-console-access` closes that one for
the account.

**Limits.** A rule says that a security group lets it pass; whether a route leads there, a network ACL stops it, or
anything listens is not examined. A rule from a security group to itself (each VPC's default group has one) opens
nothing from outside and is not counted. AWS's own service-linked roles are not counted. What IAM grants is taken as it
is evaluated by policies; what an organization's policies refuse is a gap where they can't be read. Who did come in is
in-place-change.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import lru_cache
from ipaddress import ip_network

import msgspec

from tools.check import Thing, View, Violation, Violations, check
from tools.model.machine import Way
from tools.model.nouns import Access, Instance
from tools.model.observation import NotApplicable, NotObserved

PORTS: dict[Way, str] = {"ssh": "SSH", "rdp": "RDP", "winrm": "WinRM"}
"""The ways that an open port is, by what answers there."""
APIS: dict[Way, str] = {
    "session-manager": "open a session on it by Session Manager",
    "run-command": "run commands on it by Systems Manager",
    "instance-connect": "push an SSH key to it by EC2 Instance Connect",
    "serial-console": "open its serial console",
    "modify-attribute": "change its attributes, its user data among them",
}
"""The ways that an API is, and what it lets its callers do."""
ACCOUNT_WIDE = ("connect", "serial", "attribute")
"""The doors that are one for all servers of an account: a finding about them is the account's."""
SERVICE_ROLES = ":role/aws-service-role/"
"""What the ARN of a role holds that only an AWS service can assume."""
WORLD = 8
"""A network with fewer fixed bits than this, that is not a private one, is the world."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`allow` maps a way to who may come in by it: sources of a port, names of key pairs, principals of an API;
    `administrators` are principals who may by any API (`*` stands for any text)."""

    allow: dict[Way, list[str]] = {}
    administrators: list[str] = []


@check(Instance, severity="high", principle="secure-baseline", settings=Settings, scopes=("aws",))
def examine(instance: Instance, view: View) -> Violations:
    """A violation for each way in that is not allowed; inconclusive where nothing says who may."""
    if instance.finished:
        raise NotApplicable("it has ended")
    settings = view.settings(Settings)
    unread: Access | None = None
    undeclared: list[Access] = []
    missed: NotObserved | None = None
    try:
        for access in view.access_to(instance):
            if access.source and access.source == access.ref.name:
                continue  # from a security group to itself
            if access.way in PORTS:
                yield from _port(access, settings)
            elif access.way == "key-pair":
                yield from _key(access, settings)
            elif access.who_seen is None:
                unread = unread or access
            elif access.who_seen:
                found, open_question = _api(access, settings)
                if found is not None:
                    yield found
                undeclared += [access] if open_question else []
    except NotObserved as missing:
        missed = missing
    if unread is not None:
        told = f"who may {APIS[unread.way]} was not read"
        raise NotObserved(told, "who-not-read", "allow the reader iam:GetAccountAuthorizationDetails")
    if missed is not None:
        raise missed
    if undeclared:
        raise _undeclared(undeclared)


def _port(access: Access, settings: Settings) -> Violations:
    """The violation of a rule that opens a port."""
    if _matches(access.source, settings.allow.get(access.way, [])):
        return
    world = _is_world(access.source)
    told = f"{access.ref.name} opens {PORTS[access.way]} ({access.ports}) to {access.source}"
    code = f"{access.way}-open-world" if world else f"{access.way}-open"
    evidence: list[tuple[Thing, str]] = [(access, "source"), (access, "ports")]
    yield Violation(code, f"{told}: to the world" if world else told, evidence)


def _key(access: Access, settings: Settings) -> Violations:
    """The violation of a key pair that is in the server."""
    if not _matches(access.ref.name, settings.allow.get("key-pair", [])):
        told = f"whoever holds the private key of {access.ref.name} may log in"
        yield Violation("key-pair", told, [(access, "door")])


def _api(access: Access, settings: Settings) -> tuple[Violation | None, bool]:
    """The violation of an API's door that others may use than those who are declared, and whether nothing declares who
    may."""
    may = [who for who in access.who_seen or () if SERVICE_ROLES not in who]
    known = settings.allow.get(access.way)
    declared = known is not None or bool(settings.administrators)
    others = [who for who in may if not _matches(who.partition(" ")[0], [*(known or ()), *settings.administrators])]
    if not others or not (declared or "*" in others):
        return None, bool(others)
    told = f"{', '.join(others)} may {APIS[access.way]}"
    on = access if access.door in ACCOUNT_WIDE else None
    return Violation(access.way, told, [(access, "who")], on=on), False


def _undeclared(doors: list[Access]) -> NotObserved:
    ways = sorted({door.way for door in doors})
    who = sorted({who for door in doors for who in door.who_seen or () if SERVICE_ROLES not in who})
    more = f" and {len(who) - 3} more" if len(who) > 3 else ""
    return NotObserved(
        f"{', '.join(who[:3])}{more} may enter or change it ({', '.join(ways)}), and nothing declares who should",
        "who-not-declared",
        "declare `administrators` or `allow` under [checks.server-access] in auditor.toml",
    )


def _matches(name: str, patterns: list[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


@lru_cache(maxsize=4096)
def _is_world(source: str) -> bool:
    """Whether a rule's source is everybody, or so many that it comes to the same."""
    try:
        network = ip_network(source, strict=False)
    except ValueError:  # a security group, a prefix list
        return False
    return network.prefixlen < WORLD and not (network.prefixlen and network.is_private)
