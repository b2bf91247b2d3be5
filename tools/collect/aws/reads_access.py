"""What is read to tell who may enter a server, and by which door."""

from __future__ import annotations

from typing import Any

from tools.collect.aws.operation import Operation
from tools.collect.aws.wire.access import (
    Authorization,
    ConnectEndpoint,
    InstanceInformation,
    KeyPair,
    SecurityGroup,
    SerialConsole,
)

SECURITY_GROUPS = Operation(
    service="ec2",
    name="DescribeSecurityGroups",
    items="SecurityGroups[]",
    type=SecurityGroup,
    nouns=("Access",),
    parameters={"MaxResults": 1000},
)
KEY_PAIRS = Operation(service="ec2", name="DescribeKeyPairs", items="KeyPairs[]", type=KeyPair, nouns=("Access",))
MANAGED = Operation(
    service="ssm",
    name="DescribeInstanceInformation",
    items="InstanceInformationList[]",
    type=InstanceInformation,
    nouns=("Access",),
    parameters={"MaxResults": 50},
)
CONNECT_ENDPOINTS = Operation(
    service="ec2",
    name="DescribeInstanceConnectEndpoints",
    items="InstanceConnectEndpoints[]",
    type=ConnectEndpoint,
    nouns=("Access",),
)
SERIAL_CONSOLE = Operation(
    service="ec2", name="GetSerialConsoleAccessStatus", items="", type=SerialConsole, nouns=("Access",)
)
AUTHORIZATION = Operation(
    service="iam",
    name="GetAccountAuthorizationDetails",
    items="",
    type=Authorization,
    nouns=(),
    parameters={"MaxItems": 1000},
)
"""Everything of IAM in one operation; its items are pages, whose lists go on from one to the next.
Where it is not read, the doors are known and not who may use them (`mapping/access.py` says so)."""

ACCESS: tuple[Operation[Any], ...] = (
    SECURITY_GROUPS,
    KEY_PAIRS,
    MANAGED,
    CONNECT_ENDPOINTS,
    SERIAL_CONSOLE,
    AUTHORIZATION,
)
"""What is read of access, in order."""
