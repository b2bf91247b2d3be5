"""What runs: instances, their containers, and what their own records claim of later writes."""

from __future__ import annotations

from typing import Literal

import msgspec

from tools.model.identity import Ref
from tools.model.observation import seen

ContainerRole = Literal["main", "init", "sidecar", "ephemeral"]


class Part(msgspec.Struct, frozen=True, gc=False):
    """A container as a release's template names it (`spec.template.spec.containers[]`)."""

    ref: Ref
    root: Ref
    version: str
    name: str
    role: ContainerRole
    image: str
    slot: str


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
    def image_id(self) -> str:
        """`status.containerStatuses[].imageID`: what the runtime resolved. Empty before the first start."""
        return seen(self.image_id_seen, self.ref, f"an imageID for container {self.name}")

    @property
    def state(self) -> str:
        """`status.containerStatuses[].state`: `waiting`, `running` or `terminated`."""
        return seen(self.state_seen, self.ref, f"a state for container {self.name}")


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
    """One running copy (Pod).

    `owner` is its controller owner reference, None where it has none; `release_ref` the release that made it: its owner
    where that is a release itself (ReplicaSet, Job), the ControllerRevision that its label names where not, None where
    nothing refers to one (a bare instance, a static pod). `ready_since` is when its readiness last changed (condition
    `Ready`); `writes_seen` is None where managedFields are absent (kubectl strips them). `static` says that a host's
    own file made it (annotation `kubernetes.io/config.mirror`).
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

    @property
    def finished(self) -> bool:
        """Whether every container has ended for good (`status.phase` Succeeded or Failed)."""
        return self.phase in ("Succeeded", "Failed")

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
