"""Healthy fleets of servers: whatever was done to them, nothing that runs is to be accused."""

from __future__ import annotations

from evals.case import Labels
from tests.aws_cases import DAY, PROVEN, built, case, labels, refresh, scanned, sound
from tests.aws_fleet import Fleet
from tests.aws_planted import EDIT

TERRAFORM = "APN/1.0 HashiCorp/1.0 Terraform/1.11.4 (+https://www.terraform.io) terraform-provider-aws/6.0.0"
HERE = ("tests/aws_cases_healthy.py",)


def images(made: Fleet) -> list[str]:
    """Two images that Image Builder made."""
    return [built(made, "shop-2026-10-01"), built(made, "shop-2026-10-20")]


def unsigned(members: list[str]) -> list[tuple[str, str, str]]:
    """What nobody can judge: whether an image is signed without a declared key."""
    return [("machine-image-signed", f"Instance/{one}", "machine") for one in members]


@case
def healthy_refreshed(made: Fleet) -> Labels:
    """Two groups that a pipeline refreshed to their second release."""
    both = images(made)
    cart, catalog = sound(made, "cart", both), sound(made, "catalog", both, 3)
    scanned(made)
    return labels(
        "two groups, pinned, each refreshed by the pipeline to its second release",
        [],
        unsigned([*cart, *catalog]),
        dict.fromkeys((cart[0], catalog[0]), PROVEN),
        HERE,
    )


@case
def healthy_healed_and_grown(made: Fleet) -> Labels:
    """One member failed its health check, one was terminated by hand, and the group grew: all run what it names."""
    sound(made, "cart", images(made))
    first, second = made.members("cart")
    made.groups.set_instance_health(InstanceId=first, HealthStatus="Unhealthy")
    made.wait(600)
    made.ec2.terminate_instances(InstanceIds=[second])
    made.wait(600)
    terraform = made.client("autoscaling", made.deployer, TERRAFORM)
    terraform.update_auto_scaling_group(AutoScalingGroupName="cart", DesiredCapacity=4)
    made.wait(DAY)
    scanned(made)
    members = made.members("cart")
    return labels(
        "a member was unhealthy and one terminated; both were replaced, and Terraform let the group grow to four",
        [],
        unsigned(members),
        {members[-1]: PROVEN},
        HERE,
    )


@case
def healthy_changed_then_replaced(made: Fleet) -> Labels:
    """A person ran a command on a member, which was then replaced: nothing of it is left."""
    sound(made, "cart", images(made))
    touched = made.members("cart")[0]
    made.managed(touched)
    made.run("ada", EDIT, touched)
    made.wait(600)
    made.groups.terminate_instance_in_auto_scaling_group(InstanceId=touched, ShouldDecrementDesiredCapacity=False)
    made.wait(DAY)
    scanned(made)
    return labels(
        "ada changed a member through Run Command; it was terminated and replaced, and runs no more",
        [],
        unsigned(made.members("cart")),
        sources=HERE,
    )


@case
def healthy_only_looked(made: Fleet) -> Labels:
    """A scan for patches and an inventory ran on all members: they look, and change nothing."""
    members = sound(made, "cart", images(made))
    made.managed(*members)
    ssm = made.client("ssm", made.aws.person("ada"))
    ssm.send_command(DocumentName="AWS-RunPatchBaseline", InstanceIds=members, Parameters={"Operation": ["Scan"]})
    ssm.send_command(DocumentName="AWS-GatherSoftwareInventory", InstanceIds=members)
    made.wait(3600)
    scanned(made)
    return labels(
        "a scan for patches and an inventory ran on both members", [], unsigned(members), {members[0]: PROVEN}, HERE
    )


@case
def healthy_put_back(made: Fleet) -> Labels:
    """The pipeline went to a third release and back to the second, by a refresh: the second is what runs."""
    both = images(made)
    sound(made, "cart", both)
    door = made.told("cart")["LaunchTemplate"]["LaunchTemplateId"]
    told = made.ec2.describe_launch_template_versions(LaunchTemplateId=door, Versions=["2"])
    data = told["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    third = made.template("cart", built(made, "shop-2026-11-01"), SecurityGroupIds=data["SecurityGroupIds"])
    refresh(made, "cart", third)
    refresh(made, "cart", "2")
    scanned(made)
    members = made.members("cart")
    return labels(
        "the pipeline released version 3 and then went back to version 2, which all members run",
        [],
        unsigned(members),
        {members[0]: PROVEN},
        HERE,
    )
