"""Fleets of servers that somebody entered or changed, past what declares them."""

from __future__ import annotations

from evals.case import Labels
from tests.aws_cases import PROVEN, case, labels, scanned, sound
from tests.aws_cases_healthy import images, unsigned
from tests.aws_fleet import CONSOLE, Fleet
from tests.aws_planted import EDIT

HERE = ("tests/aws_cases_acts.py",)


@case
def command_by_person(made: Fleet) -> Labels:
    """A person edited a configuration through Run Command, from the console."""
    cart = sound(made, "cart", images(made))
    made.managed(*cart)
    made.run("ada", EDIT, cart[0])
    made.wait(3600)
    scanned(made)
    return labels(
        "ada edited nginx.conf on the first member of cart through Run Command",
        [("in-place-change", f"Instance/{cart[0]}")],
        unsigned(cart),
        dict.fromkeys(cart, PROVEN),
    )


@case
def session_by_person(made: Fleet) -> Labels:
    """A person opened a shell by Session Manager."""
    cart = sound(made, "cart", images(made))
    made.managed(*cart)
    session = made.client("ssm", made.aws.person("ada")).start_session(Target=cart[1])
    made.wait(900)
    made.client("ssm", made.aws.person("ada")).terminate_session(SessionId=session["SessionId"])
    made.wait(3600)
    scanned(made)
    return labels(
        "ada had a shell on the second member of cart by Session Manager",
        [("in-place-change", f"Instance/{cart[1]}")],
        unsigned(cart),
        sources=HERE,
    )


@case
def root_volume_replaced(made: Fleet) -> Labels:
    """A person replaced the root volume of a running instance."""
    cart = sound(made, "cart", images(made))
    made.client("ec2", made.aws.person("ada")).create_replace_root_volume_task(InstanceId=cart[0])
    made.wait(3600)
    scanned(made)
    return labels(
        "ada replaced the root volume of the first member of cart",
        [("in-place-change", f"Instance/{cart[0]}")],
        unsigned(cart),
        sources=HERE,
    )


@case
def edited_in_the_console(made: Fleet) -> Labels:
    """A person pointed the group at another version in the console, and back."""
    cart = sound(made, "cart", images(made))
    ada = made.client("autoscaling", made.aws.person("ada"), CONSOLE)
    for version in ("1", "2"):
        named = {"LaunchTemplateName": "cart", "Version": version}
        ada.update_auto_scaling_group(AutoScalingGroupName="cart", LaunchTemplate=named)
        made.wait(600)
    scanned(made)
    return labels(
        "ada pointed cart at version 1 in the console and, ten minutes later, back at 2",
        [("imperative-change", "AutoScalingGroup/cart")],
        unsigned(cart),
        sources=HERE,
    )


@case
def key_pushed_by_person(made: Fleet) -> Labels:
    """A person pushed an SSH key by Instance Connect, and weakened another instance's metadata service."""
    cart = sound(made, "cart", images(made), 3)
    ada = made.aws.person("ada")
    key = "ssh-ed25519 " + "A" * 300
    made.client("ec2-instance-connect", ada).send_ssh_public_key(
        InstanceId=cart[0], InstanceOSUser="ec2-user", SSHPublicKey=key
    )
    made.client("ec2", ada).modify_instance_metadata_options(InstanceId=cart[1], HttpTokens="optional")
    made.wait(3600)
    scanned(made)
    return labels(
        "ada pushed an SSH key to the first member of cart, and opened the second one's metadata service to IMDSv1",
        [
            ("in-place-change", f"Instance/{cart[0]}"),
            ("in-place-change", f"Instance/{cart[1]}"),
            ("metadata-service-v1", f"Instance/{cart[1]}"),
        ],
        unsigned(cart),
        {cart[2]: PROVEN},
        HERE,
    )
