"""What instances run on: hosts, and the pools that keep hosts alike."""

from __future__ import annotations

import msgspec

from tools.model.identity import Ref
from tools.model.observation import seen


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
        return seen(self.facts.get(name) or None, self.ref, f"nodeInfo.{name}")


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
