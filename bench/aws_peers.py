"""Peers beside the auditor, on the same generated servers, single runs: Cloud Custodian and Prowler.

Each is installed by pip into an environment of its own in ~/.cache/auditor-bench/, and is no dependency of anything.
Cloud Custodian answers six questions over 10,000 instances that the auditor's checks answer too; Prowler runs six of
its checks over 1,000, of which 20 are stale. What a peer reads besides and the endpoint refuses is work that it saves.
Found is only what names a stale instance for its image or its release; an age says it where the limit is chosen well.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from bench.aws_objects import REGION
from bench.aws_served import Served, served
from bench.measure import AUDITOR, Cost, once, row, scratch

CACHE = Path.home() / ".cache" / "auditor-bench"
CUSTODIAN, PROWLER = "c7n==0.9.53", "prowler==5.46.0"
LIMIT = 900.0
"""Seconds after which a run is ended."""
OPEN = {"type": "security-group", "key": "IpPermissions[].IpRanges[].CidrIp", "op": "contains", "value": "0.0.0.0/0"}
QUESTIONS: dict[str, tuple[str, list[object]]] = {
    "old-image": ("ec2", [{"type": "image-age", "days": 90, "op": "ge"}]),
    "open-to-the-world": ("ec2", [OPEN]),
    "metadata-v1": ("ec2", [{"MetadataOptions.HttpTokens": "optional"}]),
    "key-pair": ("ec2", [{"KeyName": "present"}]),
    "unpinned": (
        "asg",
        [{"type": "value", "key": "LaunchTemplate.Version", "op": "in", "value": ["$Latest", "$Default"]}],
    ),
    "image-of-the-release": ("asg", [{"type": "image-age", "days": 90, "op": "ge"}]),
}
CHECKS = (
    "ec2_instance_with_outdated_ami",
    "ec2_instance_older_than_specific_days",
    "ec2_instance_imdsv2_enabled",
    "ec2_instance_managed_by_ssm",
    "ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_22",
    "autoscaling_group_using_ec2_launch_template",
)


def installed(requirement: str, program: str) -> Path | None:
    """The program of a peer, installed now where it was not; None where pip could not."""
    folder = CACHE / requirement.replace("==", "-")
    path = folder / "bin" / program
    if not path.exists():
        print(f"  installing {requirement} into {folder}", flush=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", requirement]
        for argv in ([sys.executable, "-m", "venv", str(folder)], pip):
            done = subprocess.run(argv, capture_output=True, text=True, timeout=LIMIT)
            if done.returncode:
                print(f"  {requirement} could not be installed: {(done.stderr.splitlines() or ['no reason'])[-1]}")
                return None
    return path


def auditor(fleet: Served, folder: str) -> tuple[Cost, set[str]]:
    """What an audit of it costs, and which instances it names."""
    store = ["--json", "--store", f"{folder}/store"]
    cost = once([AUDITOR, "audit", f"aws:@{REGION}", *store], folder, fleet.environment(folder), LIMIT)
    shown = subprocess.run([AUDITOR, "show", "last", *store], capture_output=True, text=True, timeout=LIMIT)
    findings = json.loads(shown.stdout)["report"]["findings"] if shown.returncode == 0 else []
    stale = [one for one in findings if one["check"] == "rollout-complete" and one["verdict"] == "violation"]
    return cost, {subject["name"] for one in stale for subject in one["subjects"]}


def custodian(program: Path, fleet: Served, folder: str) -> tuple[Cost, set[str]]:
    """Cloud Custodian's six policies in one run, as it does it by default: what it read once is kept in a cache."""
    policies = [{"name": name, "resource": kind, "filters": how} for name, (kind, how) in QUESTIONS.items()]
    Path(folder, "policies.json").write_text(json.dumps({"policies": policies}))
    where = ["--region", REGION, "-s", f"{folder}/out", "--cache", f"{folder}/c7n.cache", f"{folder}/policies.json"]
    cost = once([str(program), "run", *where], folder, fleet.environment(folder), LIMIT)
    found = Path(folder, "out", "old-image", "resources.json")
    return cost, {one["InstanceId"] for one in json.loads(found.read_text())} if found.exists() else set()


def prowler(program: Path, fleet: Served, folder: str) -> tuple[Cost, set[str]]:
    """Six of Prowler's checks."""
    argv = [str(program), "aws", "--region", REGION, "--checks", *CHECKS, "--output-formats", "csv"]
    argv += ["--output-directory", f"{folder}/out", "--output-filename", "report", "--no-banner"]
    cost = once(argv, folder, fleet.environment(folder), LIMIT)
    named = set()
    for file in Path(folder, "out").glob("*.csv"):
        with file.open(newline="") as lines:
            rows = [line for line in csv.DictReader(lines, delimiter=";") if line["STATUS"] == "FAIL"]
        named |= {line["RESOURCE_UID"].rpartition("/")[2] for line in rows if line["CHECK_ID"] in CHECKS[:2]}
    return cost, named


Run = Callable[[Path, Served, str], tuple[Cost, set[str]]]


def beside(instances: int, requirement: str, program: str, run: Run, work: str) -> None:
    """Print the auditor and one peer on the same fleet, and their ratio."""
    path = installed(requirement, program)
    with served(instances) as fleet, scratch() as ours, scratch() as theirs:
        stale = set(fleet.planted["stale"])
        print(f"  {instances:,} instances, {len(stale)} of them stale")
        mine, named = auditor(fleet, ours)
        row("auditor audit, all checks", mine, _said(mine, named, stale))
        if path is None:
            return
        cost, found = run(path, fleet, theirs)
        row(f"{requirement.replace('==', ' ')}, {work}", cost, _said(cost, found, stale))
        if mine.code in (3, 10) and cost.cpu > 1:
            print(
                f"  the peer takes {cost.cpu / mine.cpu:.1f} times the CPU, {cost.memory / mine.memory:.1f} the memory"
            )


def _said(cost: Cost, named: set[str], stale: set[str]) -> str:
    others = len(named - stale)
    return f"stale found: {len(named & stale)} of {len(stale)}, {others} others named; exit code {cost.code}"


def main() -> None:
    """Print both."""
    print("peers on AWS, single runs; the endpoint on loopback")
    beside(10_000, CUSTODIAN, "custodian", custodian, "6 policies")
    beside(1_000, PROWLER, "prowler", prowler, "6 checks")


if __name__ == "__main__":
    main()
