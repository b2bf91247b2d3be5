"""The nouns, by the file that holds each.

Each field says where Kubernetes holds it. A field that the source may have left out is stored as `<field>_seen`
with None for "not observed", and read through a property of the plain name that raises `NotObserved`; where the API
documents a default for an absent field, the collector fills that in, and nothing else.
"""

from __future__ import annotations

from tools.model.change import Actor, Change, FieldChange, Watch
from tools.model.host import HOST_FACTS, Host, Pool
from tools.model.instance import Container, ContainerRole, Instance, Part, Write
from tools.model.workload import Budget, Release, Rollout, Strategy, Workload

__all__ = [
    "HOST_FACTS",
    "Actor",
    "Budget",
    "Change",
    "Container",
    "ContainerRole",
    "FieldChange",
    "Host",
    "Instance",
    "Part",
    "Pool",
    "Release",
    "Rollout",
    "Strategy",
    "Watch",
    "Workload",
    "Write",
]
