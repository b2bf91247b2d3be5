"""The closed union of actions: typed data that a check may name as its remedy, a planner fills in, a person approves
and an executor carries out. Nothing else can be planned or executed."""

from __future__ import annotations

from typing import Literal

import msgspec

from tools.model.identity import Ref

ActionKind = Literal["redeploy-prior-release", "cordon", "uncordon"]


class RedeployPriorRelease(msgspec.Struct, frozen=True, tag="redeploy-prior-release"):
    """Put the template of an earlier release back, so that the workload's controller replaces the instances."""

    workload: Ref
    current: Ref
    target: Ref

    def __str__(self) -> str:
        return f"redeploy {self.target} of {self.workload}, in place of {self.current}"


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


Action = RedeployPriorRelease | Cordon | Uncordon


def kind_of(action: Action) -> str:
    """The action's name in the union, as it is written in JSON and in the command line."""
    return str(type(action).__struct_config__.tag)


def target_of(action: Action) -> Ref:
    """The object that the action writes to."""
    return action.workload if isinstance(action, RedeployPriorRelease) else action.host
