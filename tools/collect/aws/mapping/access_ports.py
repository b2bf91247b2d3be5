"""The rules of a security group that open a port by which a server is entered: ssh, rdp, winrm.

Whether a packet gets as far (a public address, a route, a network ACL, a firewall on the server) is not asked.
"""

from __future__ import annotations

from collections.abc import Iterator

from tools.collect.aws.wire.access import IpPermission, SecurityGroup
from tools.model.identity import Ref
from tools.model.machine import Access, Way

PORTS: dict[Way, tuple[int, ...]] = {"ssh": (22,), "rdp": (3389,), "winrm": (5985, 5986)}
"""The TCP ports of each way in."""
_TCP = ("tcp", "6", "-1")
"""The protocols that TCP is in: its name, its number, and all."""
EVERY = "all"
"""What is said of the ports of a rule that leaves none out."""


def of_group(scope: str, account: str, group: SecurityGroup) -> Iterator[Access]:
    """Each source that each rule admits by each of the ways."""
    ref = Ref(scope, "SecurityGroup", "", group.group_id, group.group_id)
    for at, rule in enumerate(group.ip_permissions):
        for way in ways_of(rule):
            for source, place in sources_of(rule, account):
                yield Access(
                    ref=ref,
                    way=way,
                    door=group.group_id,
                    source=source,
                    ports=ports_of(rule),
                    slot=f"/IpPermissions/{at}/{place}",
                )


def ways_of(rule: IpPermission) -> list[Way]:
    """The ways in that a rule opens; one of all protocols (`-1`), or with no ports, opens them all."""
    if rule.ip_protocol.lower() not in _TCP:
        return []
    low, high = _range(rule)
    return [way for way, ports in PORTS.items() if any(low <= port <= high for port in ports)]


def _range(rule: IpPermission) -> tuple[int, int]:
    """The ports of a rule (absent, or -1: all of them)."""
    if rule.ip_protocol == "-1" or rule.from_port in (None, -1):
        return 0, 65535
    low = rule.from_port or 0
    return low, low if rule.to_port is None else rule.to_port


def ports_of(rule: IpPermission) -> str:
    """The ports of a rule in words: `22`, `0-65535`, `all` (of all protocols)."""
    low, high = _range(rule)
    if rule.ip_protocol == "-1":
        return EVERY
    return str(low) if low == high else f"{low}-{high}"


def sources_of(rule: IpPermission, account: str) -> Iterator[tuple[str, str]]:
    """Whom a rule admits, each with its place in the rule: addresses, prefix lists, other security groups (one of
    another account with that in front)."""
    for at, range4 in enumerate(rule.ip_ranges):
        yield range4.cidr_ip, f"IpRanges/{at}/CidrIp"
    for at, range6 in enumerate(rule.ipv6_ranges):
        yield range6.cidr_ipv6, f"Ipv6Ranges/{at}/CidrIpv6"
    for at, prefixes in enumerate(rule.prefix_list_ids):
        yield prefixes.prefix_list_id, f"PrefixListIds/{at}/PrefixListId"
    for at, pair in enumerate(rule.user_id_group_pairs):
        other = "" if pair.user_id in ("", account) else f"{pair.user_id}/"
        yield f"{other}{pair.group_id}", f"UserIdGroupPairs/{at}/GroupId"
