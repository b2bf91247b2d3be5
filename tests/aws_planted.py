"""A shop's servers on the embedded AWS: one fleet with each thing that an auditor must tell apart, and a good part."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import msgspec

from tests.aws_fleet import Fleet

RECORDED = Path(__file__).parents[1] / "auditor" / "demo" / "shop"
HOUR, DAY = 3600, 86400
EDIT = "sed -i s/30/60/ /etc/nginx/nginx.conf && systemctl reload nginx"


class Planted(msgspec.Struct, frozen=True):
    """What was planted, by name: the members of each group, the instances that are alone, and what was done."""

    good: list[str]  # pinned to a number, all on it, no way in
    stale: list[str]  # the group is pinned to version 2, these run version 1
    changed: list[str]  # the first was changed by `ada` through Run Command
    command: str
    open: list[str]  # port 22 from everywhere, and a key pair
    door: str
    unpinned: list[str]  # $Latest
    mixed: list[str]  # two types, two images, one group
    bare: str  # no group keeps it
    lost: list[str]  # their image is deregistered
    lost_image: str
    node: str  # the instance that the recorded cluster's node-a may be
    zone: str


def furnish(fleet: Fleet) -> Planted:
    """Build it, over HTTP, in the order in which things happened; it takes three days."""
    safe: dict[str, Any] = {"SecurityGroupIds": [fleet.closed()]}
    first, second = fleet.image("shop-2026-10-01"), fleet.image("shop-2026-10-20")
    good = group(fleet, "catalog", second, **safe)
    stale = group(fleet, "cart", first, **safe)
    changed = group(fleet, "checkout", second, **safe)
    fleet.managed(*changed)
    door = fleet.door("ssh-anywhere")
    fleet.ec2.create_key_pair(KeyName="ops")
    exposed = group(fleet, "legacy", second, KeyName="ops", SecurityGroupIds=[door])
    fleet.template("search", second, **safe)
    unpinned = fleet.group("search", "$Latest", 2)
    mixed = mixed_group(fleet, "images", second, **safe)
    gone = fleet.image("shop-2026-09-01")
    lost = group(fleet, "reports", gone, **safe)
    fleet.wait(DAY)
    (node,) = group(fleet, "nodes", second, 1, **safe)
    alone = fleet.ec2.run_instances(ImageId=second, MinCount=1, MaxCount=1, InstanceType="t3.micro")
    fleet.pin("cart", fleet.template("cart", second, **safe))
    fleet.ec2.deregister_image(ImageId=gone)
    fleet.wait(DAY)
    command = fleet.run("ada", EDIT, changed[0])
    fleet.wait(HOUR)
    told = fleet.ec2.describe_instances(InstanceIds=[node])["Reservations"][0]["Instances"][0]
    return Planted(
        good=good,
        stale=stale,
        changed=changed,
        command=command,
        open=exposed,
        door=door,
        unpinned=unpinned,
        mixed=mixed,
        bare=str(alone["Instances"][0]["InstanceId"]),
        lost=lost,
        lost_image=gone,
        node=node,
        zone=str(told["Placement"]["AvailabilityZone"]),
    )


def group(fleet: Fleet, name: str, image: str, size: int = 2, **data: Any) -> list[str]:
    """A group pinned to the one version of its template."""
    return fleet.group(name, fleet.template(name, image, **data), size)


def mixed_group(fleet: Fleet, name: str, image: str, **data: Any) -> list[str]:
    """A group of two instance types, the second with an image of its own."""
    arm = fleet.image(f"{name}-arm-2026-10-20")
    version = fleet.template(name, image, **data)
    launch = {
        "LaunchTemplateSpecification": {"LaunchTemplateName": name, "Version": version},
        "Overrides": [{"InstanceType": "t3.micro"}, {"InstanceType": "t4g.micro", "ImageId": arm}],
    }
    share = {"OnDemandBaseCapacity": 1, "OnDemandPercentageAboveBaseCapacity": 0}
    return fleet.group(
        name, version, 4, MixedInstancesPolicy={"LaunchTemplate": launch, "InstancesDistribution": share}
    )


def joined(folder: Path, instance: str, zone: str, node: str = "node-a") -> Path:
    """A copy of the recorded demo cluster in which a node says that it is an instance, as a cloud's kubelet would."""
    shutil.copytree(RECORDED, folder)
    file = folder / "nodes.json"
    nodes = json.loads(file.read_text())
    (one,) = (item for item in nodes["items"] if item["metadata"]["name"] == node)
    one["spec"]["providerID"] = f"aws:///{zone}/{instance}"
    file.write_text(json.dumps(nodes, indent=1))
    return folder
