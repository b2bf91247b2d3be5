"""The nouns, by the file that holds each.

Each field says where Kubernetes, or AWS, holds it. A field that the source may have left out is stored as
`<field>_seen` with None for "not observed", and read through a property of the plain name that raises
`NotObserved`; where the API documents a default for an absent field, the collector fills that in, and nothing else.
"""

from __future__ import annotations

from tools.model.artifact import Artifact, Attestation
from tools.model.change import Actor, Change, FieldChange, Watch
from tools.model.group import Boot, BootStep, Group
from tools.model.host import HOST_FACTS, Host, Pool
from tools.model.instance import Container, ContainerRole, Instance, Part, Write
from tools.model.machine import Access, Machine, Volume
from tools.model.workload import Budget, Release, Rollout, Strategy, Workload

__all__ = [
    "HOST_FACTS",
    "Access",
    "Actor",
    "Artifact",
    "Attestation",
    "Boot",
    "BootStep",
    "Budget",
    "Change",
    "Container",
    "ContainerRole",
    "FieldChange",
    "Group",
    "Host",
    "Instance",
    "Machine",
    "Part",
    "Pool",
    "Release",
    "Rollout",
    "Strategy",
    "Volume",
    "Watch",
    "Workload",
    "Write",
]
