"""The shop's servers on the embedded AWS, with forty days of their past: one good group, and five that are not.

| group | what happened to it |
| --- | --- |
| nodes | nothing: its servers carry the recorded cluster |
| checkout | its release 2 wants servers that the account has no quota for: its refresh gave up after the first |
| search | has named release 2 for three weeks, and still runs release 1, which nobody scans |
| payments | somebody ran a command on one of its servers |
| support | its servers let SSH in from everywhere |
| reports | names `$Latest` |
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

import msgspec

from auditor.demo.clock import StoryClock
from auditor.demo.hands import Hands
from auditor.embedded_aws import EmbeddedAws

DAYS = 40
"""How far back the fleet's past goes."""
COMMAND = "yum install -y tcpdump"
SIZES = {"nodes": 2, "checkout": 4, "search": 3, "payments": 3, "support": 1, "reports": 2}
LARGE = "m5.8xlarge"
QUOTA = f"You have requested more vCPU capacity than your current vCPU limit of 32 allows for {LARGE}."


class Fleet(msgspec.Struct, frozen=True):
    """What the demonstration asks of the fleet: the servers that carry the cluster's nodes, and where they are."""

    nodes: tuple[str, ...]
    zones: tuple[str, ...]


def furnish(aws: EmbeddedAws, clock: StoryClock) -> Fleet:
    """Make the fleet and its past; afterwards the clock tells the machine's time."""
    hands = Hands(aws)
    inside, world = hands.door("inside", 443, "10.0.0.0/8"), hands.door("ssh-from-anywhere", 22)
    for name, size in SIZES.items():
        image = _image(hands, clock, name, 1)
        hands.release(name, image, world if name == "support" else inside, first=True)
        hands.group(name, size, "$Latest" if name == "reports" else "1")
    aws.shelf("managed instances").extend(one["InstanceId"] for name in SIZES for one in hands.members(name))
    clock.until(days=21)
    hands.release("search", _image(hands, clock, "search", 2), inside)
    hands.name_version("search", "2")
    clock.until(days=5)
    hands.run_command(aws.person("bob"), COMMAND, hands.members("payments")[0]["InstanceId"])
    clock.until(hours=3)
    hands.release("checkout", _image(hands, clock, "checkout", 2), inside, kind=LARGE)
    hands.name_version("checkout", "2")
    _give_up(hands, clock, "checkout")
    clock.release()
    nodes = hands.members("nodes")
    return Fleet(tuple(one["InstanceId"] for one in nodes), tuple(one["AvailabilityZone"] for one in nodes))


def _give_up(hands: Hands, clock: StoryClock, name: str) -> None:
    """A refresh that replaces one server, and then can launch no more: after an hour it has failed."""
    groups = hands.client("autoscaling")
    groups.start_instance_refresh(
        AutoScalingGroupName=name,
        Preferences={"MinHealthyPercentage": 100, "MaxHealthyPercentage": 125, "InstanceWarmup": 300},
    )
    clock.until(hours=2, minutes=57)
    hands.members(name)  # time goes by with each request
    hands.aws.refuse_launches(name, QUOTA)
    clock.until(hours=1)
    hands.members(name)
    hands.aws.allow_launches(name)


def _image(hands: Hands, clock: StoryClock, name: str, number: int) -> str:
    """An image that EC2 Image Builder built, of a commit that its tag names; gives its id."""
    aws, made = hands.aws, clock.now()
    image = hands.image(f"{name}-{number}", Commit=hashlib.sha1(f"{name}-{number}".encode()).hexdigest())  # noqa: S324
    aws.shelf("images").append(
        {
            "arn": f"arn:aws:imagebuilder:{aws.region}:{aws.account}:image/{name}/{number}.0.0/1",
            "name": name,
            "type": "AMI",
            "version": f"{number}.0.0/1",
            "platform": "Linux",
            "state": {"status": "AVAILABLE"},
            "dateCreated": f"{made:%Y-%m-%dT%H:%M:%S}.000Z",
            "outputResources": {"amis": [{"region": aws.region, "image": image, "accountId": aws.account}]},
        }
    )
    aws.shelf("coverage").append(_scan(image, made if name == "search" else made + timedelta(days=DAYS - 1)))
    return image


def _scan(image: str, at: datetime) -> dict[str, Any]:
    """Amazon Inspector's scan of the servers of an image."""
    return {
        "resourceId": f"servers of {image}",
        "resourceType": "AWS_EC2_INSTANCE",
        "scanType": "PACKAGE",
        "scanStatus": {"statusCode": "ACTIVE", "reason": "SUCCESSFUL"},
        "resourceMetadata": {"ec2": {"amiId": image}},
        "lastScannedAt": at,
    }
