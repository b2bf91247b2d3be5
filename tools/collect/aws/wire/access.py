"""What lets somebody in: security groups, key pairs, managed instances, the account's doors, and IAM."""

from __future__ import annotations

from typing import Any

import msgspec


class Wire(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """Fields by the API's names; unknown ones are ignored."""


class IpRange(Wire, frozen=True):
    """`IpRanges[]`: IPv4 addresses a rule admits."""

    cidr_ip: str = ""
    description: str = ""


class Ipv6Range(Wire, frozen=True):
    """`Ipv6Ranges[]`: IPv6 addresses a rule admits."""

    cidr_ipv6: str = ""
    description: str = ""


class PrefixListId(Wire, frozen=True):
    """`PrefixListIds[]`: a named set of addresses that a rule admits."""

    prefix_list_id: str = ""
    description: str = ""


class GroupPair(Wire, frozen=True):
    """`UserIdGroupPairs[]`: whatever is in another security group, also of another account (`UserId`)."""

    group_id: str = ""
    user_id: str = ""
    group_name: str = ""
    description: str = ""


class IpPermission(Wire, frozen=True):
    """`IpPermissions[]`: protocol (`tcp`, `6`, `-1` is all) and ports (absent: all) with whom they admit."""

    ip_protocol: str = ""
    from_port: int | None = None
    to_port: int | None = None
    ip_ranges: list[IpRange] = []
    ipv6_ranges: list[Ipv6Range] = []
    prefix_list_ids: list[PrefixListId] = []
    user_id_group_pairs: list[GroupPair] = []


class SecurityGroup(Wire, frozen=True):
    """`DescribeSecurityGroups`: what may come in (`IpPermissions`); what may go out is not used."""

    group_id: str
    group_name: str = ""
    owner_id: str = ""
    vpc_id: str = ""
    ip_permissions: list[IpPermission] = []


class KeyPair(Wire, frozen=True):
    """`DescribeKeyPairs`: a public key that the account keeps; `CreateTime` is RFC 3339."""

    key_name: str
    key_pair_id: str = ""
    key_type: str = ""
    key_fingerprint: str = ""
    create_time: str | None = None


class InstanceInformation(Wire, frozen=True):
    """`ssm.DescribeInstanceInformation`: a managed instance; `PingStatus` is `Online`, `ConnectionLost`, `Inactive`."""

    instance_id: str
    ping_status: str = ""
    last_ping_date_time: str | None = None
    agent_version: str = ""
    platform_type: str = ""
    resource_type: str = ""


class ConnectEndpoint(Wire, frozen=True):
    """`DescribeInstanceConnectEndpoints`: a way to private addresses of its network (`VpcId`); `State` is
    `create-complete` where it works."""

    instance_connect_endpoint_id: str
    instance_connect_endpoint_arn: str = ""
    state: str = ""
    vpc_id: str = ""
    subnet_id: str = ""
    security_group_ids: list[str] = []


class SerialConsole(Wire, frozen=True):
    """`GetSerialConsoleAccessStatus`: whether the account lets anybody on serial consoles, in this region."""

    serial_console_access_enabled: bool = False


class InlinePolicy(Wire, frozen=True):
    """A policy kept in a user, group or role. The document is URL-encoded JSON, or JSON already where botocore or the
    CLI has decoded it."""

    policy_name: str = ""
    policy_document: str | dict[str, Any] = ""


class AttachedPolicy(Wire, frozen=True):
    """A managed policy by its ARN."""

    policy_name: str = ""
    policy_arn: str = ""


class Boundary(Wire, frozen=True):
    """`PermissionsBoundary`: the managed policy that limits a principal."""

    permissions_boundary_arn: str = ""


class UserDetail(Wire, frozen=True):
    """`UserDetailList[]`: a user, the names of its groups, its policies."""

    user_name: str
    arn: str
    group_list: list[str] = []
    user_policy_list: list[InlinePolicy] = []
    attached_managed_policies: list[AttachedPolicy] = []
    permissions_boundary: Boundary | None = None


class GroupDetail(Wire, frozen=True):
    """`GroupDetailList[]`: a group's policies hold for its users."""

    group_name: str
    arn: str = ""
    group_policy_list: list[InlinePolicy] = []
    attached_managed_policies: list[AttachedPolicy] = []


class RoleDetail(Wire, frozen=True):
    """`RoleDetailList[]`: a role, who may assume it (`AssumeRolePolicyDocument`), its policies."""

    role_name: str
    arn: str
    path: str = "/"
    assume_role_policy_document: str | dict[str, Any] = ""
    role_policy_list: list[InlinePolicy] = []
    attached_managed_policies: list[AttachedPolicy] = []
    permissions_boundary: Boundary | None = None


class PolicyVersion(Wire, frozen=True):
    """`PolicyVersionList[]`: one document of a managed policy; only the default one is in force."""

    version_id: str = ""
    is_default_version: bool = False
    document: str | dict[str, Any] = ""


class ManagedPolicy(Wire, frozen=True):
    """`Policies[]`: a managed policy with its documents."""

    arn: str
    policy_name: str = ""
    default_version_id: str = ""
    policy_version_list: list[PolicyVersion] = []


class Authorization(Wire, frozen=True):
    """`iam.GetAccountAuthorizationDetails`: one page; a list may be on several."""

    user_detail_list: list[UserDetail] = []
    group_detail_list: list[GroupDetail] = []
    role_detail_list: list[RoleDetail] = []
    policies: list[ManagedPolicy] = []
