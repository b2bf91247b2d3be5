"""The closed union of actions: typed data that a check may name as its remedy, a planner fills in, a person approves
and an executor carries out. Nothing else can be planned or executed."""

from __future__ import annotations

from typing import Literal, assert_never

import msgspec

from tools.model.identity import Ref

ActionKind = Literal[
    "redeploy-prior-release",
    "replace-instance",
    "cordon",
    "uncordon",
    "drain",
    "pause-rollout",
    "resume-rollout",
]


class RedeployPriorRelease(msgspec.Struct, frozen=True, tag="redeploy-prior-release", omit_defaults=True):
    """Put the template of an earlier release back, so that the workload's controller replaces the instances.
    `stepwise`: later steps of the plan replace what the controller would not, so that it is done with the template."""

    workload: Ref
    current: Ref
    target: Ref
    stepwise: bool = False

    def __str__(self) -> str:
        return f"redeploy {self.target} of {self.workload}, in place of {self.current}"


class ReplaceInstance(msgspec.Struct, frozen=True, tag="replace-instance"):
    """Evict one instance, so that its workload's controller makes a new one. `delete_local_data` allows that what it
    keeps on its host is lost with it."""

    instance: Ref
    workload: Ref
    delete_local_data: bool = False

    def __str__(self) -> str:
        return f"replace {self.instance} of {self.workload}" + _with_data(self.delete_local_data)


class Cordon(msgspec.Struct, frozen=True, tag="cordon"):
    """Let nothing new be scheduled on a host. What runs there goes on running."""

    host: Ref

    def __str__(self) -> str:
        return f"cordon {self.host}"


class Uncordon(msgspec.Struct, frozen=True, tag="uncordon"):
    """Let new instances be scheduled on a host again."""

    host: Ref

    def __str__(self) -> str:
        return f"uncordon {self.host}"


class Drain(msgspec.Struct, frozen=True, tag="drain"):
    """Evict what runs on a cordoned host, so that it is replaced elsewhere. `workloads` are the owners whose instances
    may be evicted, and no others; what a DaemonSet or the host's own files made stays."""

    host: Ref
    workloads: tuple[Ref, ...]
    delete_local_data: bool = False

    def __str__(self) -> str:
        return f"drain {self.host}" + _with_data(self.delete_local_data)


class PauseRollout(msgspec.Struct, frozen=True, tag="pause-rollout"):
    """Let a workload's controller replace no further instances."""

    workload: Ref

    def __str__(self) -> str:
        return f"pause the rollout of {self.workload}"


class ResumeRollout(msgspec.Struct, frozen=True, tag="resume-rollout"):
    """Let a paused workload's controller go on replacing instances."""

    workload: Ref

    def __str__(self) -> str:
        return f"resume the rollout of {self.workload}"


Action = RedeployPriorRelease | ReplaceInstance | Cordon | Uncordon | Drain | PauseRollout | ResumeRollout


def kind_of(action: Action) -> str:
    """The action's name in the union, as it is written in JSON and in the command line."""
    return str(type(action).__struct_config__.tag)


def target_of(action: Action) -> Ref:
    """The object that the action is about, and that a policy's pattern is matched with."""
    match action:
        case RedeployPriorRelease() | PauseRollout() | ResumeRollout() | ReplaceInstance():
            return action.workload
        case Cordon() | Uncordon() | Drain():
            return action.host
    assert_never(action)


def inverse_of(action: Action) -> Action | None:
    """The action that undoes another one; None for what does not come back."""
    match action:
        case RedeployPriorRelease():
            return RedeployPriorRelease(
                action.workload, current=action.target, target=action.current, stepwise=action.stepwise
            )
        case Cordon():
            return Uncordon(action.host)
        case Uncordon():
            return Cordon(action.host)
        case PauseRollout():
            return ResumeRollout(action.workload)
        case ResumeRollout():
            return PauseRollout(action.workload)
        case ReplaceInstance() | Drain():
            return None
    assert_never(action)


def _with_data(allowed: bool) -> str:
    return ", with the data that is on its host alone" if allowed else ""
