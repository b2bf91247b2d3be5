"""The nouns: workloads, releases, instances and their containers, hosts and pools.

Each field says where Kubernetes holds it. A field that the source may have left out is stored as `<field>_seen`
with None for "not observed", and read through a property of the plain name that raises `NotObserved`; where the API
documents a default for an absent field, the collector fills that in, and nothing else.
"""

from __future__ import annotations

from typing import Literal, TypeVar

import msgspec

from tools.model.identity import Ref
from tools.model.observation import NotObserved

T = TypeVar("T")
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
    reason of waiting or of the end.
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
        return _seen(self.image_id_seen, self.ref, f"an imageID for container {self.name}")

    @property
    def state(self) -> str:
        """`status.containerStatuses[].state`: `waiting`, `running` or `terminated`."""
        return _seen(self.state_seen, self.ref, f"a state for container {self.name}")


class Write(msgspec.Struct, frozen=True, gc=False):
    """One entry of `metadata.managedFields`: a claim by a field manager, not a user. `images` are the
    containers whose image it owns."""

    ref: Ref
    root: Ref
    version: str
    slot: str
    manager: str
    operation: str
    subresource: str
    time: str
    images: tuple[str, ...]


class Instance(msgspec.Struct, frozen=True, kw_only=True):
    """One running copy (Pod). `owner` is its controller owner reference, None where it has none; `release` the uid of
    the release that owner is, where it is of a kind that makes releases; `writes_seen` is None where managedFields
    are absent (kubectl strips them)."""

    ref: Ref
    version: str
    owner: Ref | None
    workload: Ref
    host: str
    phase: str
    ready: bool
    created: str
    deleted: str
    generation_seen: int | None
    containers: tuple[Container, ...]
    writes_seen: tuple[Write, ...] | None

    @property
    def finished(self) -> bool:
        """Whether every container has ended for good (`status.phase` Succeeded or Failed)."""
        return self.phase in ("Succeeded", "Failed")

    @property
    def release(self) -> str | None:
        """The name of the controller that made it (`metadata.ownerReferences[]` with `controller: true`)."""
        return self.owner.name if self.owner else None

    @property
    def generation(self) -> int:
        """`metadata.generation`: 1 at creation, one more for each change of the spec (since Kubernetes 1.33) and one
        more when deletion begins."""
        return _seen(self.generation_seen, self.ref, "metadata.generation (pods have it since Kubernetes 1.33)")

    @property
    def writes(self) -> tuple[Write, ...]:
        """`metadata.managedFields`, oldest first."""
        return _seen(self.writes_seen, self.ref, "metadata.managedFields (kubectl get leaves them out)")


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a workload's template (ReplicaSet), identified by its uid and the digest of its template;
    `number` is the revision, which moves on undo."""

    ref: Ref
    version: str
    workload: Ref
    number: int | None
    template: str
    created: str
    replicas: int
    ready: int
    parts: tuple[Part, ...]


class Rollout(msgspec.Struct, frozen=True, kw_only=True):
    """How far a workload's rollout is (Deployment `status`). `progressing*` is the condition of that type: its
    status, reason, message and lastTransitionTime; None where the controller has not written it."""

    updated: int
    replicas: int
    available: int
    generation_seen: int | None
    progressing: str | None
    reason: str
    message: str
    since: str
    condition_slot: str


class Workload(msgspec.Struct, frozen=True, kw_only=True):
    """What keeps instances running: the root owner. `read` is False for an owner of a kind that is not read yet: it
    is known by reference alone, and what is asked of it raises. `rolls` is False for one that never makes another
    release (a bare ReplicaSet). `template` is the digest of its own template, as `Release.template` is."""

    ref: Ref
    version: str
    read: bool
    rolls: bool = True
    replicas: int = 0
    paused: bool = False
    deadline: int = 0
    generation_seen: int | None = None
    template: str = ""
    rollout_seen: Rollout | None = None

    @property
    def rollout(self) -> Rollout:
        """The rollout's status, as the controller last wrote it."""
        return _seen(self.rollout_seen, self.ref, "a rollout status")

    @property
    def generation(self) -> int:
        """`metadata.generation`: counts the changes of its specification."""
        return _seen(self.generation_seen, self.ref, "metadata.generation")

    @property
    def observed_generation(self) -> int:
        """`status.observedGeneration`: the newest spec that the controller has seen."""
        return _seen(self.rollout.generation_seen, self.ref, "status.observedGeneration")


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """What an instance runs on (Node). The version fields are `status.nodeInfo`; empty ones were not reported."""

    ref: Ref
    version: str
    pool: str
    created: str
    unschedulable: bool
    ready: bool
    provider: str
    facts: dict[str, str]

    def fact(self, name: str) -> str:
        """One field of the host's baseline, such as `kubelet_version`; raises where it was not reported."""
        return _seen(self.facts.get(name) or None, self.ref, f"nodeInfo.{name}")


HOST_FACTS = (
    "architecture",
    "container_runtime_version",
    "kernel_version",
    "kubelet_version",
    "operating_system",
    "os_image",
)
"""What a host reports of its image (`status.nodeInfo`), and a baseline may declare."""


class Pool(msgspec.Struct, frozen=True, kw_only=True):
    """What keeps hosts alike: a node group, by its well-known label; `ref.name` is its name."""

    ref: Ref
    version: str = ""


def _seen(value: T | None, ref: Ref, what: str) -> T:
    if value is None:
        raise NotObserved(f"{ref} does not report {what}", code="not-reported")
    return value
