"""Fleets of servers in which one thing is wrong, beside a group in which nothing is."""

from __future__ import annotations

from evals.case import Labels
from tests.aws_cases import DAY, built, case, labels, refresh, scanned, sound
from tests.aws_cases_healthy import images, unsigned
from tests.aws_fleet import Fleet


@case
def stale_members(made: Fleet) -> Labels:
    """The group was pinned to a new release, and nobody refreshed it."""
    both = images(made)
    sound(made, "catalog", both)
    cart = sound(made, "cart", both)
    third = made.template("cart", built(made, "shop-2026-11-01"), SecurityGroupIds=[made.closed("cart-3")])
    made.pin("cart", third)
    made.wait(3 * DAY)
    scanned(made)
    return labels(
        "cart names version 3 since three days; its members still run version 2",
        [("rollout-complete", "AutoScalingGroup/cart")],
        unsigned(cart),
    )


@case
def open_door_and_key(made: Fleet) -> Labels:
    """SSH is open to the world, and a key pair is in the servers; the other group is closed."""
    both = images(made)
    catalog = sound(made, "catalog", both)
    made.ec2.create_key_pair(KeyName="ops")
    cart = sound(made, "cart", both, SecurityGroupIds=[made.door("ssh")], KeyName="ops")
    scanned(made)
    return labels(
        "port 22 of cart's members is open to 0.0.0.0/0, and the key pair ops is in them",
        [("server-access", f"Instance/{one}") for one in cart],
        unsigned(catalog),
    )


@case
def pinned_to_latest(made: Fleet) -> Labels:
    """The group names $Latest."""
    both = images(made)
    sound(made, "catalog", both)
    cart = sound(made, "cart", both)
    made.pin("cart", "$Latest")
    made.wait(3600)
    scanned(made)
    return labels(
        "cart names $Latest, which is the version that its members run",
        [("release-unpinned", "AutoScalingGroup/cart")],
        unsigned(cart),
    )


@case
def image_deregistered(made: Fleet) -> Labels:
    """The image of the group's release is gone."""
    both = images(made)
    cart = sound(made, "cart", both)
    made.ec2.deregister_image(ImageId=both[1])
    made.wait(3600)
    scanned(made)
    return labels(
        "the image of cart's current release was deregistered",
        [("machine-image-lost", f"Instance/{one}", "machine") for one in cart],
        [("machine-image-trusted", f"Instance/{one}", "machine") for one in cart],
    )


@case
def bare_instance(made: Fleet) -> Labels:
    """An instance that nothing keeps, started by hand, with IMDSv1."""
    both = images(made)
    cart = sound(made, "cart", both)
    started = made.client("ec2", made.aws.person("ada")).run_instances(
        ImageId=both[1], MinCount=1, MaxCount=1, InstanceType="t3.micro", SecurityGroupIds=[made.closed("alone")]
    )
    alone = started["Instances"][0]["InstanceId"]
    made.wait(3600)
    scanned(made)
    return labels(
        "ada started an instance by hand, without a group and with IMDSv1",
        [("unmanaged-instance", f"Instance/{alone}"), ("metadata-service-v1", f"Instance/{alone}")],
        unsigned(cart),
    )


@case
def user_data_installs(made: Fleet) -> Labels:
    """The release installs packages at boot."""
    script = "#!/bin/bash\ndnf install -y nginx\nsystemctl enable --now nginx\n"
    cart = sound(made, "cart", images(made), UserData=script)
    scanned(made)
    return labels(
        "cart's releases install nginx at boot; the second is the current one",
        [("user-data-mutates", "LaunchTemplateVersion/cart:2")],
        unsigned(cart),
    )


@case
def refresh_without_capacity(made: Fleet) -> Labels:
    """A refresh failed half way: no capacity came, and then it did, for the release before."""
    both = images(made)
    sound(made, "cart", both, 4)
    third = made.template("cart", built(made, "shop-2026-11-01"), SecurityGroupIds=[made.closed("cart-3")])
    refresh(made, "cart", third, 60)
    made.aws.refuse_launches("cart", "We currently do not have sufficient t3.micro capacity in the zone you requested.")
    made.wait(DAY)
    made.aws.allow_launches("cart")
    made.wait(DAY)
    scanned(made)
    return labels(
        "a refresh of cart to version 3 failed after half of its members: two run 3, two run 2, which it names",
        [("rollout-complete", "AutoScalingGroup/cart")],
        unsigned(made.members("cart")),
    )


@case
def protected_left_behind(made: Fleet) -> Labels:
    """A refresh ignored a member that is protected from scale in: it ended as Successful, and the old one is there."""
    both = images(made)
    sound(made, "cart", both, 3)
    held = made.members("cart")[0]
    made.groups.set_instance_protection(AutoScalingGroupName="cart", InstanceIds=[held], ProtectedFromScaleIn=True)
    third = made.template("cart", built(made, "shop-2026-11-01"), SecurityGroupIds=[made.closed("cart-3")])
    refresh(made, "cart", third, ScaleInProtectedInstances="Ignore")
    made.wait(DAY)
    scanned(made)
    return labels(
        "a refresh of cart to version 3 left a protected member on version 2",
        [("rollout-complete", "AutoScalingGroup/cart"), ("refresh-keeps-old", "AutoScalingGroup/cart")],
        unsigned(made.members("cart")),
    )


@case
def root_volume_kept(made: Fleet) -> Labels:
    """The root volume outlives the server."""
    disk = {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 8, "DeleteOnTermination": False}}
    cart = sound(made, "cart", images(made), BlockDeviceMappings=[disk])
    scanned(made)
    return labels(
        "the root volumes of cart's members are kept when they end",
        [("state-on-instance", f"Instance/{one}") for one in cart],
        unsigned(cart),
    )


@case
def never_scanned(made: Fleet) -> Labels:
    """Inspector covers one group and not the other."""
    both = images(made)
    catalog = sound(made, "catalog", both)
    scanned(made)
    cart = sound(made, "cart", [built(made, "cart-1"), built(made, "cart-2")])
    return labels(
        "Inspector never scanned a server of cart",
        [("machine-image-scanned", f"Instance/{one}", "machine") for one in cart],
        unsigned(catalog),
    )


@case
def two_releases_at_once(made: Fleet) -> Labels:
    """A refresh was cancelled half way: one member runs the new release, two the old one, which the group names."""
    both = images(made)
    sound(made, "cart", both, 3)
    third = made.template("cart", built(made, "shop-2026-11-01"), SecurityGroupIds=[made.closed("cart-3")])
    refresh(made, "cart", third, 60)
    made.groups.cancel_instance_refresh(AutoScalingGroupName="cart")
    made.wait(DAY)
    scanned(made)
    return labels(
        "a refresh of cart to version 3 was cancelled after its first batch, and nobody went on or back",
        [("rollout-complete", "AutoScalingGroup/cart")],
        unsigned(made.members("cart")),
    )
