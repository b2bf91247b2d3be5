"""A group of two servers as the collector hands it on, and what may be changed of it: for tests of the checks."""

from __future__ import annotations

from typing import Any

import msgspec

from tools.model.artifact import Artifact, Attestation
from tools.model.facts import Facts
from tools.model.group import Boot, Group
from tools.model.identity import Ref, Scope
from tools.model.instance import Container, Instance, Part
from tools.model.machine import Access, Machine, Volume
from tools.model.observation import Gap
from tools.model.workload import Release, Rollout, Strategy, Workload

OWN, AMAZON, FOREIGN = "123456789012", "137112412989", "999999999999"
ACCOUNT = f"{OWN}/eu-central-1"
NEW, OLD, STRANGE = "ami-0123456789abcdef0", "ami-0fedcba9876543210", "ami-0aaaaaaaaaaaaaaaa"
MOMENT = "2026-11-10T12:00:00Z"
GROUP = Ref(ACCOUNT, "AutoScalingGroup", "", "web", "arn:web")


def ref(kind: str, name: str, uid: str = "") -> Ref:
    return Ref(ACCOUNT, kind, "", name, uid or name)


def release(number: int, image: str, **more: Any) -> Release:
    own = ref("LaunchTemplateVersion", f"web:{number}", f"lt-1:{number}/web")
    fields: dict[str, Any] = {
        "ref": own, "version": str(number), "workload": GROUP, "number": number, "template": f"t{number}",
        "created": f"2026-11-0{number}T10:00:00Z", "replicas": None, "ready": None,
        "parts": (Part(own, GROUP, str(number), "machine", "machine", image, "/LaunchTemplateData"),),
        "boot_seen": Boot(digest="d", size=20, form="shell"),
    }  # fmt: skip
    return Release(**{**fields, **more})


def machine(**more: Any) -> Machine:
    return Machine(**{"tokens_seen": "required", "endpoint": "enabled", "lifecycle": "InService", "type": "m5.large",
                      **more})  # fmt: skip


def server(name: str = "i-0a", number: int = 3, image: str = NEW, **more: Any) -> Instance:
    own = ref("Instance", name)
    container = Container(
        ref=own, root=more.get("workload", GROUP), version="", name="machine", role="machine", image=image, slot="",
        image_id_seen=image, state_seen="running", runtime="ec2", started="2026-11-05T10:00:00Z",
    )  # fmt: skip
    fields: dict[str, Any] = {
        "ref": own, "version": "", "owner": GROUP,
        "release_ref": ref("LaunchTemplateVersion", f"web:{number}", f"lt-1:{number}/web"), "workload": GROUP,
        "host": "", "phase": "running", "ready": True, "created": "2026-11-05T10:00:00Z",
        "ready_since": "2026-11-05T10:02:00Z", "deleted": "", "generation_seen": None, "containers": (container,),
        "writes_seen": None, "machine_seen": machine(),
    }  # fmt: skip
    return Instance(**{**fields, **more})


def group(**more: Any) -> Group:
    return Group(**{"named": "3", "skip_matching": False, "strategy": "Rolling", **more})


def workload(**more: Any) -> Workload:
    rollout = Rollout(
        updated=2, replicas=2, available=2, generation_seen=None, progressing="True", reason="Successful", message="",
        since="2026-11-05T11:00:00Z", condition_slot="",
    )  # fmt: skip
    fields: dict[str, Any] = {
        "ref": GROUP, "version": "", "read": True, "replicas": 2, "template": "t3", "current": "web:3",
        "release_kind": "LaunchTemplateVersion", "strategy": Strategy("InstanceRefresh", "10%"),
        "history_limit": 10000, "group_seen": group(), "rollout_seen": rollout,
    }  # fmt: skip
    return Workload(**{**fields, **more})


def rollout(**more: Any) -> Rollout:
    seen = workload().rollout_seen
    assert seen is not None
    return msgspec.structs.replace(seen, **more)


def image(name: str = NEW, **more: Any) -> Artifact:
    fields = {"owner": OWN, "state": "available", "name": f"web-{name}", "created": "2026-11-01T00:00:00Z",
              "snapshots": ("snap-1",), "lost_seen": ()}  # fmt: skip
    return Artifact(ref=ref("Image", name), **{**fields, **more})


def said(kind: Any, standing: Any = "verified", about: str = NEW, **more: Any) -> Attestation:
    return Attestation(about=about, kind=kind, standing=standing, ref=ref("Said", more.pop("name", "s")), **more)


def door(way: Any, key: str, name: str = "", **more: Any) -> Access:
    return Access(ref=ref("Door", name or key), way=way, door=key, **more)


def disk(**more: Any) -> Volume:
    fields: dict[str, Any] = {"ref": ref("Volume", "vol-1"), "instance": ref("Instance", "i-0a"),
                              "device": "/dev/xvda", "kind": "ebs", "root": True, "kept": False,
                              "declared": True}  # fmt: skip
    return Volume(**{**fields, **more})


def gap(noun: str, kind: str = "") -> Gap:
    return Gap(scope=ACCOUNT, noun=noun, kind=kind, code="forbidden", reason=f"{noun} not read")


def facts(**more: Any) -> Facts:
    """Two servers of release 3, whose group still has release 2."""
    held: dict[str, Any] = {
        "workloads": (workload(),), "releases": (release(2, OLD), release(3, NEW)),
        "instances": (server("i-0a"), server("i-0b")), "artifacts": (image(NEW), image(OLD)),
    }  # fmt: skip
    scopes = (Scope(id=ACCOUNT, name="prod@eu-central-1", kind="aws"),)
    return Facts(moment=MOMENT, scopes=scopes, **{**held, **more})
