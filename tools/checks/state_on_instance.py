"""A server keeps no state that it can't be replaced with: no instance store, no kept root volume, no undeclared disk.

**Why.** A server that holds the only copy of something is not replaced, it is repaired: people log in, and the group is
told to leave it alone. What stands on an instance store is gone at the first stop. A root volume that is kept carries
yesterday's configuration to whoever starts from it; a disk that somebody attached is not there on the next server.

**What is examined.** The disks on the server: an instance store, `DeleteOnTermination` of the root volume, and attached
volumes whose device neither its image nor its launch template names. What may be there is allowed by device:

    [checks.state-on-instance]
    instance_store = true          # as scratch space or a cache
    devices = ["/dev/xvdb*"]       # disks that something attaches on purpose

**How to fix.** Keep state in a service or on a file system that outlives servers (RDS, S3, EFS); declare each disk in
the launch template with `DeleteOnTermination: true`; let what attaches volumes on purpose (a CSI driver) have devices
that are allowed here.

**Limits.** A tag of a controller that attaches volumes (the EBS CSI driver's, ECS's) is a claim: inconclusive. Whether
anything was written to a disk is not seen. A type with an instance store has it, used or not. `DeleteOnTermination` of
a declared data disk is not judged: that it is kept may be the point.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

import msgspec

from tools.check import View, Violation, Violations, check
from tools.model.nouns import Instance, Volume
from tools.model.observation import NotApplicable, NotObserved


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`instance_store` says that one may be there; `devices` are the names of those that may hold a disk that nothing
    declares (`*` stands for any text)."""

    instance_store: bool = False
    devices: list[str] = []


@check(Instance, severity="medium", principle="disposable", settings=Settings, scopes=("aws",))
def examine(instance: Instance, view: View) -> Violations:
    """A violation for each disk that keeps a server from being replaced."""
    if instance.finished:
        raise NotApplicable("it has ended")
    settings, silent = view.settings(Settings), None
    for volume in view.volumes_of(instance):
        if volume.kind == "instance-store":
            if not settings.instance_store:
                told = f"it has an instance store ({instance.machine.type}), whose content ends with it"
                yield Violation("instance-store", told, [(volume, "kind"), (instance, "machine.type")])
        elif volume.root:
            if volume.kept:
                told = f"its root volume {volume.ref.name} is kept when it ends"
                yield Violation("root-volume-kept", told, [(volume, "kept"), (volume, "device")])
            elif volume.kept is None:
                silent = _untold(volume, "whether it is kept when the server ends")
        elif volume.declared or any(fnmatchcase(volume.device, device) for device in settings.devices):
            continue
        elif volume.declared is None:
            silent = _untold(volume, "whether its image or its launch template declares it")
        elif volume.claimed:
            silent = _claimed(volume)
        else:
            told = f"{volume.ref.name} at {volume.device} is declared by neither its image nor its release"
            evidence = [(volume, "device"), (volume, "declared"), (volume, "attached")]
            yield Violation("undeclared-volume", told, evidence, since=volume.attached)
    if silent is not None:
        raise silent


def _claimed(volume: Volume) -> NotObserved:
    return NotObserved(
        f"{volume.ref.name} at {volume.device} bears the tag {volume.claimed} of a controller that attaches volumes, "
        "which anybody may write",
        "claimed-by-tag",
        "allow the devices that it uses under [checks.state-on-instance] in auditor.toml",
    )


def _untold(volume: Volume, what: str) -> NotObserved:
    return NotObserved(f"of {volume.ref.name} at {volume.device} it is not reported {what}", "not-reported")
