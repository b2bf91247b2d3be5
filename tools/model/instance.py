"""What runs: instances, their containers, and what their own records claim of later writes."""

from __future__ import annotations

from typing import Literal

import msgspec

from tools.model.identity import Ref
from tools.model.image import ImageReference, machine_image, parse_image, running_digest
from tools.model.machine import Machine
from tools.model.observation import seen

ContainerRole = Literal["main", "init", "sidecar", "ephemeral", "machine"]
"""What a container is to its instance; `machine` is the whole of a server, which runs one machine image."""


class Part(msgspec.Struct, frozen=True, gc=False):
    """A container as a release's template names it (`spec.template.spec.containers[]`)."""

    ref: Ref
    root: Ref
    version: str
    name: str
    role: ContainerRole
    image: str
    slot: str

    @property
    def reference(self) -> ImageReference | None:
        """The image reference, parsed; None where it is none."""
        return _reference(self)


class Container(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A part of an instance that runs one artifact (`spec.containers[]` with its `status.containerStatuses[]`).

    `root` is the root owner of its instance, `slot` and `status_slot` are the JSON pointers of its two places,
    `runtime` the scheme of `containerID` (`containerd`), `state` is `waiting`, `running` or `terminated`, `detail` the
    reason of waiting or of the end, `started` when the current run (or the one that ended) began, empty where that was
    not reported.
    """

    ref: Ref
    root: Ref
    version: str
    name: str
    role: ContainerRole
    image: str
    slot: str
    status_slot: str = ""
    image_id_seen: str | None = None
    state_seen: str | None = None
    detail: str = ""
    runtime: str = ""
    started: str = ""
    restarts: int = 0

    @property
    def reference(self) -> ImageReference | None:
        """The image reference, parsed; None where it is none."""
        return _reference(self)

    @property
    def running(self) -> str:
        """The digest (of a server: the machine image's id) that it was seen to run; empty where none was reported."""
        text = self.image_id_seen or ""
        return running_digest(text) if self.role != "machine" else text if machine_image(text) else ""

    @property
    def image_id(self) -> str:
        """`status.containerStatuses[].imageID`: what the runtime resolved. Empty before the first start."""
        return seen(self.image_id_seen, self.ref, f"an imageID for container {self.name}")

    @property
    def state(self) -> str:
        """`status.containerStatuses[].state`: `waiting`, `running` or `terminated`."""
        return seen(self.state_seen, self.ref, f"a state for container {self.name}")


def _reference(thing: Part | Container) -> ImageReference | None:
    return machine_image(thing.image) if thing.role == "machine" else parse_image(thing.image)


class Write(msgspec.Struct, frozen=True, gc=False):
    """One entry of `metadata.managedFields`: a claim by a field manager, not a user. `images` are the containers whose
    image it owns; `owns` the paths below `spec` that it owns (`replicas`, `template/spec/containers/app/image`), for an
    entry that was written after the object's creation, and none for others; `marks` says that it owns the annotation
    `auditor/plan`."""

    ref: Ref
    root: Ref
    version: str
    slot: str
    manager: str
    operation: str
    subresource: str
    time: str
    images: tuple[str, ...]
    owns: tuple[str, ...] = ()
    marks: bool = False

    @property
    def owned(self) -> str:
        """What it owns below `spec`, in one text."""
        return ", ".join(self.owns)


class Instance(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One running copy (Pod, EC2 instance).

    `owner` is its controller owner reference, None where it has none; `release_ref` the release that made it: its owner
    where that is a release itself (ReplicaSet, Job), the ControllerRevision that its label names where not, None where
    nothing refers to one (a bare instance, a static pod). `ready_since` is when its readiness last changed (condition
    `Ready`); `writes_seen` is None where managedFields are absent (kubectl strips them). `static` says that a host's
    own file made it (annotation `kubernetes.io/config.mirror`). `machine_seen` is what only a server has.
    """

    ref: Ref
    version: str
    owner: Ref | None
    release_ref: Ref | None
    workload: Ref
    host: str
    phase: str
    ready: bool
    ready_since: str = ""
    created: str
    deleted: str
    generation_seen: int | None
    containers: tuple[Container, ...]
    writes_seen: tuple[Write, ...] | None
    static: bool = False
    machine_seen: Machine | None = None

    @property
    def finished(self) -> bool:
        """Whether it has ended for good (`status.phase` Succeeded or Failed; an instance's state `terminated`)."""
        return self.phase in ("Succeeded", "Failed", "terminated")

    @property
    def resting(self) -> bool:
        """Whether it is a server that is not meant to serve now: stopped or on its way there or out, in its group's
        warm pool, or taken out of service (standby)."""
        if self.machine_seen is None:
            return False
        apart = self.machine_seen.lifecycle.startswith(("Warmed", "Standby", "EnteringStandby", "Terminating"))
        return apart or self.phase in ("stopping", "stopped", "shutting-down")

    @property
    def ready_first(self) -> bool:
        """Whether `ready_since` is when it became ready for the first time: of a server the end of its launch."""
        return self.machine_seen is not None and bool(self.ready_since)

    @property
    def machine(self) -> Machine:
        """What it reports as a server."""
        return seen(self.machine_seen, self.ref, "what a server has")

    @property
    def controller(self) -> str | None:
        """The controller that made it (`metadata.ownerReferences[]` with `controller: true`), as kind/name."""
        return f"{self.owner.kind}/{self.owner.name}" if self.owner else None

    @property
    def generation(self) -> int:
        """`metadata.generation`: 1 at creation, one more for each change of the spec (since Kubernetes 1.33) and one
        more when deletion begins."""
        return seen(self.generation_seen, self.ref, "metadata.generation (pods have it since Kubernetes 1.33)")

    @property
    def writes(self) -> tuple[Write, ...]:
        """`metadata.managedFields`, oldest first."""
        return seen(self.writes_seen, self.ref, "metadata.managedFields (kubectl get leaves them out)")
