"""Labelled fleets of servers, made on the embedded AWS and recorded over HTTP: `python -m tests.aws_cases [NAME …]`
writes them to `evals/cases/aws/`.

A case is a function in `aws_cases_healthy` or `aws_cases_planted` that furnishes an empty fleet and returns its labels:
what was planted says what is true, before anything is audited.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import yaml

from evals.case import Edges, Labels, PathLabel, Unit
from evals.load import FOLDER
from tests.aws_fleet import Fleet, fleet
from tests.aws_recorder import record

DAY = 86400
KINDS = ("healthy", "planted", "acts", "images")
SETTINGS = """[[actors]]
kind = "pipeline"
user = "arn:aws:iam::123456789012:role/deploy"
"""
Build = Callable[[Fleet], Labels]
CASES: dict[str, tuple[Build, str]] = {}


def case(build: Build) -> Build:
    """Make a function a case, named after it."""
    return declared("")(build)


def declared(settings: str) -> Callable[[Build], Build]:
    """The same, with settings of its own (TOML)."""

    def enter(build: Build) -> Build:
        CASES[build.__name__.replace("_", "-")] = build, settings
        return build

    return enter


def labels(
    planted: str,
    violations: Sequence[tuple[str, ...]],
    inconclusive: Sequence[tuple[str, ...]] = (),
    paths: dict[str, dict[str, str]] | None = None,
    sources: tuple[str, ...] = ("tests/aws_cases_planted.py",),
) -> Labels:
    """The labels of a case: units as check, subject and part; paths by instance."""
    return Labels(
        origin="aws",
        planted=planted,
        sources=sources,
        violations=tuple(Unit(*one) for one in violations),
        inconclusive=tuple(Unit(*one) for one in inconclusive),
        paths=tuple(
            PathLabel(f"Instance/{one}", "machine", msgspec.convert(edges, Edges))
            for one, edges in (paths or {}).items()
        ),
    )


PROVEN = {"artifact-release": "verified", "release-workload": "verified", "workload-instance": "verified"}
"""The edges of a member that runs what its group names."""


def built(made: Fleet, name: str) -> str:
    """A machine image that Image Builder made."""
    image = made.image(name)
    where = f"arn:aws:imagebuilder:{made.aws.region}:{made.aws.account}"
    made.aws.shelf("images").append(
        {
            "arn": f"{where}:image/{name}/1.0.0/1",
            "name": name,
            "version": "1.0.0/1",
            "platform": "Linux",
            "state": {"status": "AVAILABLE"},
            "buildType": "USER_INITIATED",
            "dateCreated": made.aws.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "sourcePipelineArn": f"{where}:image-pipeline/shop",
            "outputResources": {
                "amis": [{"region": made.aws.region, "image": image, "name": name, "accountId": made.aws.account}]
            },
        }
    )
    return image


def sound(made: Fleet, name: str, images: list[str], size: int = 2, **data: Any) -> list[str]:
    """A group of two releases, refreshed from the first to the second: pinned, whole, with no way in."""
    given = {"SecurityGroupIds": [made.closed(f"{name}-web")], **data}
    made.template(name, images[0], **given)
    made.group(name, "1", size)
    made.wait(DAY)
    refresh(made, name, made.template(name, images[1], **given))
    return made.members(name)


def refresh(made: Fleet, name: str, version: str, seconds: float = DAY, **preferences: Any) -> None:
    """Refresh a group to a version by the pipeline, and let it end."""
    desired = {"LaunchTemplate": {"LaunchTemplateName": name, "Version": version}}
    given = {"MinHealthyPercentage": 50, "InstanceWarmup": 60, **preferences}
    made.groups.start_instance_refresh(AutoScalingGroupName=name, DesiredConfiguration=desired, Preferences=given)
    made.wait(seconds)


def scanned(made: Fleet) -> None:
    """Inspector scanned every instance that runs now, a minute ago, and found nothing."""
    shelf, now = made.aws.shelf("coverage"), made.aws.clock.now()
    shelf.clear()
    for reservation in made.ec2.describe_instances()["Reservations"]:
        for one in reservation["Instances"]:
            if one["State"]["Name"] == "running":
                shelf.append(
                    {
                        "resourceType": "AWS_EC2_INSTANCE",
                        "resourceId": one["InstanceId"],
                        "accountId": made.aws.account,
                        "scanType": "PACKAGE",
                        "scanStatus": {"statusCode": "ACTIVE", "reason": "SUCCESSFUL"},
                        "scanMode": "EC2_SSM_AGENT_BASED",
                        "resourceMetadata": {"ec2": {"amiId": one["ImageId"], "platform": "LINUX"}},
                        "lastScannedAt": now,
                    }
                )


def write(name: str, root: Path = FOLDER / "aws") -> Path:
    """Make a case, record it and write its folder; gives it."""
    folder = root / name
    shutil.rmtree(folder, ignore_errors=True)
    with fleet(boot_seconds=40) as made:
        build, settings = known()[name]
        told = build(made)
        record(made, folder / "fleet")
    (folder / "auditor.toml").write_text(SETTINGS + settings)
    plain = msgspec.to_builtins(told)
    kept = {key: value for key, value in plain.items() if value or key == "violations"}
    (folder / "case.yaml").write_text(yaml.safe_dump(kept, sort_keys=False, width=120))
    return folder


def known() -> dict[str, tuple[Build, str]]:
    """All cases, by name."""
    for kind in KINDS:
        import_module(f"tests.aws_cases_{kind}")  # which adds its cases
    return CASES


def main() -> None:
    """Write the cases that are named, or all."""

    for name in sys.argv[1:] or known():
        sys.stdout.write(f"{write(name)}\n")


if __name__ == "__main__":
    from tests.aws_cases import main as run  # the module whose table the cases are in

    run()
