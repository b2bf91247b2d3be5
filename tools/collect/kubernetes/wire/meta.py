"""What every object and list has: names, owners, field managers, conditions and selectors."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import UNSET, Raw, UnsetType, field

Time = str
"""metav1.Time and MicroTime: RFC 3339 in UTC. Checked after decoding, each text once (times.py)."""


class Struct(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """The base: camelCase on the wire, unknown fields ignored."""


class OwnerReference(Struct, frozen=True):
    """`metadata.ownerReferences[]`."""

    kind: str
    name: str
    uid: str
    api_version: str = ""
    controller: bool | None = None


class ManagedFields(Struct, frozen=True):
    """`metadata.managedFields[]`; `fields_v1` stays raw, it is only searched."""

    manager: str = ""
    operation: str = ""
    subresource: str = ""
    time: Time | None = None
    fields_v1: Raw | UnsetType = field(name="fieldsV1", default=UNSET)


class ObjectMeta(Struct, frozen=True):
    """`metadata`."""

    name: str
    uid: str
    namespace: str = ""
    resource_version: str = ""
    generation: int | None = None
    creation_timestamp: Time | None = None
    deletion_timestamp: Time | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    owner_references: list[OwnerReference] | None = None
    managed_fields: list[ManagedFields] | None = None


class Condition(Struct, frozen=True):
    """`status.conditions[]` of pods, nodes and workloads."""

    type: str
    status: str
    reason: str | None = None
    message: str | None = None
    last_transition_time: Time | None = None
    last_update_time: Time | None = None
    last_heartbeat_time: Time | None = None


class Requirement(Struct, frozen=True):
    """`selector.matchExpressions[]`."""

    key: str
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    values: list[str] | None = None


class Selector(Struct, frozen=True):
    """metav1.LabelSelector: all of it must hold; an empty one matches everything."""

    match_labels: dict[str, str] | None = None
    match_expressions: list[Requirement] | None = None


class TypeMeta(Struct, frozen=True):
    """`kind` and `apiVersion`, which items of typed lists lack."""

    kind: str = ""
    api_version: str = ""


class ListMeta(Struct, frozen=True):
    """`metadata` of a list: `continue` is set while pages follow."""

    continue_: str = field(name="continue", default="")
    remaining_item_count: int = 0
    resource_version: str = ""


class RawList(Struct, frozen=True):
    """A list whose items are decoded one by one."""

    items: list[Raw] | None = None
    kind: str = ""
    api_version: str = ""
    metadata: ListMeta = ListMeta()
