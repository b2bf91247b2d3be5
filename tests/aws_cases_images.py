"""Fleets of servers whose images are not what they should be: made by hand, somebody else's, not signed, not safe."""

from __future__ import annotations

from typing import Any

from evals.case import Labels
from tests.aws_cases import DAY, built, case, declared, labels, scanned, sound
from tests.aws_cases_healthy import images, unsigned
from tests.aws_fleet import Fleet

HERE = ("tests/aws_cases_images.py",)
SIGNERS = '[checks.machine-image-signed]\nsigners = ["release@example.org"]\n'
OWN = '[checks.machine-image-trusted]\nowners = ["self"]\n'


@case
def image_made_by_hand(made: Fleet) -> Labels:
    """A person configured a server and made an image of it; a group runs that."""
    both = images(made)
    catalog = sound(made, "catalog", both)
    ada = made.client("ec2", made.aws.person("ada"))
    workbench = ada.run_instances(ImageId=both[1], MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    made.wait(3600)
    mine = [ada.create_image(InstanceId=workbench, Name=f"cart-by-hand-{n}")["ImageId"] for n in (1, 2)]
    ada.terminate_instances(InstanceIds=[workbench])
    cart = sound(made, "cart", mine)
    scanned(made)
    return labels(
        "cart's images were made of an instance that ada had configured: no build of them is on record",
        [("machine-image-provenance", f"Instance/{one}", "machine") for one in cart],
        unsigned([*catalog, *cart]),
        sources=HERE,
    )


@declared(SIGNERS)
def images_not_signed(made: Fleet) -> Labels:
    """Images must be signed by the release pipeline, and none is."""
    cart = sound(made, "cart", images(made))
    scanned(made)
    return labels(
        "auditor.toml asks for a signature of each image, and no statement about any was given",
        [("machine-image-signed", f"Instance/{one}", "machine") for one in cart],
        sources=HERE,
    )


@declared(OWN)
def image_of_a_vendor(made: Fleet) -> Labels:
    """Only images of the account itself are trusted, and one group runs Canonical's."""
    both = images(made)
    catalog = sound(made, "catalog", both)
    theirs = made.ec2.describe_images(Owners=["099720109477"])["Images"]
    public = sorted(one["ImageId"] for one in theirs if one["Architecture"] == "x86_64")[:2]
    cart = sound(made, "cart", public)
    scanned(made)
    return labels(
        "cart runs public images of Canonical (099720109477), where only the account's own are trusted",
        [("machine-image-trusted", f"Instance/{one}", "machine") for one in cart],
        [*unsigned(catalog), *[("machine-image-provenance", f"Instance/{one}", "machine") for one in cart]],
        sources=HERE,
    )


@case
def critical_with_a_fix(made: Fleet) -> Labels:
    """Inspector found a critical vulnerability, with a fix, on the servers of one image."""
    both = images(made)
    catalog = sound(made, "catalog", both)
    cart = sound(made, "cart", [built(made, "cart-1"), built(made, "cart-2")])
    scanned(made)
    made.aws.shelf("findings").extend(_finding(made, one) for one in cart)
    made.wait(DAY)
    return labels(
        "CVE-2026-0001, critical and fixed, is on both members of cart, and so in their image",
        [("machine-image-scanned", f"Instance/{one}", "machine") for one in cart],
        unsigned(catalog),
        sources=HERE,
    )


def _finding(made: Fleet, instance: str) -> dict[str, Any]:
    told = made.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    now = made.aws.clock.now()
    return {
        "findingArn": f"arn:aws:inspector2:{made.aws.region}:{made.aws.account}:finding/{instance}",
        "awsAccountId": made.aws.account,
        "type": "PACKAGE_VULNERABILITY",
        "description": "A flaw in openssl lets a peer run code.",
        "title": "CVE-2026-0001 - openssl",
        "remediation": {"recommendation": {"text": "None Provided"}},
        "severity": "CRITICAL",
        "firstObservedAt": now,
        "lastObservedAt": now,
        "status": "ACTIVE",
        "fixAvailable": "YES",
        "resources": [
            {
                "type": "AWS_EC2_INSTANCE",
                "id": instance,
                "details": {"awsEc2Instance": {"imageId": told["ImageId"], "platform": "AMAZON_LINUX_2023"}},
            }
        ],
        "packageVulnerabilityDetails": {
            "vulnerabilityId": "CVE-2026-0001",
            "source": "AMAZON_CVE",
            "vulnerablePackages": [{"name": "openssl", "version": "3.0.8", "fixedInVersion": "3.0.9"}],
        },
    }
