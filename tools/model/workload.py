"""What keeps instances running: workloads, their releases, how far a rollout is, and how the next one would go."""

from __future__ import annotations

from typing import Literal

import msgspec

from tools.model.group import Boot, Group
from tools.model.identity import Ref
from tools.model.instance import Part, Write
from tools.model.observation import seen


class Release(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One version of a workload's template (ReplicaSet, ControllerRevision; a Job is its own), identified by its uid
    and the digest of its template; `number` is the revision, which moves on undo. `replicas` and `ready` are None for a
    kind that does not count them (ControllerRevision, Job, a launch template version). A launch template's version has
    a part for each template and image that a mixed instances policy launches from; `boot_seen` is what its user data
    does, None where it was not read or there is nothing of the kind; `tokens` is its `MetadataOptions.HttpTokens`
    (empty: not said)."""

    ref: Ref
    version: str
    workload: Ref
    number: int | None
    template: str
    created: str
    replicas: int | None
    ready: int | None
    parts: tuple[Part, ...]
    boot_seen: Boot | None = None
    tokens: str = ""

    @property
    def boot(self) -> Boot:
        """What its user data does at boot."""
        return seen(self.boot_seen, self.ref, "its user data")


class Strategy(msgspec.Struct, frozen=True):
    """How a workload's next release replaces the instances of the last (Deployment `spec.strategy`, StatefulSet and
    DaemonSet `spec.updateStrategy`, Rollout `spec.strategy`; of an Auto Scaling group the instance refresh, which
    replaces by the percentages of its last one or of its maintenance policy). Bounds are as written, a number
    or a percentage."""

    type: Literal["RollingUpdate", "Recreate", "OnDelete", "Canary", "BlueGreen", "InstanceRefresh"]
    max_unavailable: str = ""
    max_surge: str = ""
    partition: int = 0


class Rollout(msgspec.Struct, frozen=True, kw_only=True):
    """How far a workload's rollout is (`status`). `progressing*` is the condition of that type: its status, reason,
    message and lastTransitionTime; None where the controller has not written it. A StatefulSet and a DaemonSet have no
    condition: `since` is then when their controller last wrote the current ControllerRevision. `leaving` names the
    release that a StatefulSet's rollout has not come away from (`status.currentRevision`, until it ends). `phase` and
    `aborted` are an Argo Rollout's `status.phase` and `status.abort`."""

    updated: int
    replicas: int
    available: int
    generation_seen: int | None
    progressing: str | None
    reason: str
    message: str
    since: str
    condition_slot: str
    leaving: str = ""
    phase: str = ""
    aborted: bool = False


class Workload(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What keeps instances running: the root owner.

    `read` is False for an owner that is known by reference alone (of a kind that is not read, or not listed): what is
    asked of it raises. `rolls` is False for one that never replaces instances by a release (a bare ReplicaSet, a Job, a
    CronJob, a static pod). `template` is the digest of its own template, as `Release.template` is; `current` names the
    release that its controller reports as the newest (`status.updateRevision`, `status.currentPodHash`), where it does;
    `release_kind` is the kind that its releases are of, `number` the revision that it says it is at.
    `history_limit` is `spec.revisionHistoryLimit`, None for a kind without one; `strategy` None likewise.
    `mark` is the plan that its annotation `auditor/plan` names: a claim. `group_seen` is what only a group of servers
    has.
    """

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
    created: str = ""
    current: str = ""
    number: int | None = None
    release_kind: str = ""
    strategy: Strategy | None = None
    history_limit: int | None = None
    writes_seen: tuple[Write, ...] | None = None
    mark: str = ""
    group_seen: Group | None = None

    @property
    def group(self) -> Group:
        """How it keeps and replaces servers."""
        return seen(self.group_seen, self.ref, "what a group of servers has")

    @property
    def rollout(self) -> Rollout:
        """The rollout's status, as the controller last wrote it."""
        return seen(self.rollout_seen, self.ref, "a rollout status")

    @property
    def whole(self) -> bool:
        """Whether its controller has reported that every instance is of its own template and available."""
        status = self.rollout_seen
        if not self.rolls or status is None or not self.replicas:
            return False
        counted = status.updated == status.available == status.replicas == self.replicas
        if self.group_seen is not None:  # it counts no generations: see `lags`
            return counted
        return counted and self.generation_seen is not None and status.generation_seen == self.generation_seen

    @property
    def writes(self) -> tuple[Write, ...]:
        """`metadata.managedFields`, oldest first."""
        return seen(self.writes_seen, self.ref, "metadata.managedFields (kubectl get leaves them out)")

    @property
    def generation(self) -> int:
        """`metadata.generation`: counts the changes of its specification."""
        return seen(self.generation_seen, self.ref, "metadata.generation")

    @property
    def observed_generation(self) -> int:
        """`status.observedGeneration`: the newest spec that the controller has seen."""
        return seen(self.rollout.generation_seen, self.ref, "status.observedGeneration")

    @property
    def lags(self) -> bool:
        """Whether its controller has not seen its newest specification yet. A group of servers is read from what
        controls it, and counts no generations."""
        return self.group_seen is None and self.observed_generation < self.generation


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """How many instances of a workload may be ended at once by an eviction (PodDisruptionBudget). `covers` are the
    workloads whose instances its selector matches; `allowed` is `status.disruptionsAllowed`, None before the controller
    has written it."""

    ref: Ref
    version: str
    covers: tuple[Ref, ...]
    min_available: str = ""
    max_unavailable: str = ""
    allowed: int | None = None
