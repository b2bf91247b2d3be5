"""The wire: Kubernetes objects as typed Structs that hold only the fields that are used.

Field names and meanings: the Kubernetes API reference, core/v1 and apps/v1. A field whose absence has a
documented default carries that default; every other optional field is None when absent, and the mapping
decides.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType, field

Time = Annotated[
    str,
    Meta(pattern=r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?Z$"),
]
"""metav1.Time: RFC 3339 in UTC."""


class _Wire(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """The base: camelCase on the wire, unknown fields ignored."""


class OwnerReference(_Wire, frozen=True):
    """`metadata.ownerReferences[]`."""

    kind: str
    name: str
    uid: str
    controller: bool | None = None


class ManagedFields(_Wire, frozen=True):
    """`metadata.managedFields[]`; `fields_v1` stays raw, it is only searched."""

    manager: str = ""
    operation: str = ""
    subresource: str = ""
    time: Time | None = None
    fields_v1: Raw | UnsetType = field(name="fieldsV1", default=UNSET)


class ObjectMeta(_Wire, frozen=True):
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


class Container(_Wire, frozen=True):
    """`spec.containers[]`, also init and ephemeral ones."""

    name: str
    image: str = ""
    restart_policy: str | None = None


class PodSpec(_Wire, frozen=True):
    """`spec` of a pod or of a template."""

    containers: list[Container]
    init_containers: list[Container] | None = None
    ephemeral_containers: list[Container] | None = None
    node_name: str | None = None


class StateRunning(_Wire, frozen=True):
    """`state.running`."""

    started_at: Time | None = None


class StateOther(_Wire, frozen=True):
    """`state.waiting` and `state.terminated`."""

    reason: str | None = None
    started_at: Time | None = None
    finished_at: Time | None = None


class ContainerState(_Wire, frozen=True):
    """`status.containerStatuses[].state`; without any member it is waiting, by the API's documentation."""

    running: StateRunning | None = None
    waiting: StateOther | None = None
    terminated: StateOther | None = None


class ContainerStatus(_Wire, frozen=True):
    """`status.containerStatuses[]`."""

    name: str
    image_id: str = field(name="imageID", default="")
    container_id: str | None = field(name="containerID", default=None)
    restart_count: int = 0
    state: ContainerState | None = None


class Condition(_Wire, frozen=True):
    """`status.conditions[]` of pods, nodes and deployments."""

    type: str
    status: str
    reason: str | None = None
    message: str | None = None
    last_transition_time: Time | None = None
    last_update_time: Time | None = None
    last_heartbeat_time: Time | None = None


class PodStatus(_Wire, frozen=True):
    """`status` of a pod."""

    phase: str = ""
    conditions: list[Condition] | None = None
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None
    ephemeral_container_statuses: list[ContainerStatus] | None = None


class Pod(_Wire, frozen=True):
    """core/v1 Pod."""

    metadata: ObjectMeta
    spec: PodSpec
    status: PodStatus = PodStatus()


class TemplateMeta(_Wire, frozen=True):
    """`spec.template.metadata`."""

    labels: dict[str, str] | None = None


class Template(_Wire, frozen=True):
    """`spec.template`."""

    spec: PodSpec
    metadata: TemplateMeta = TemplateMeta()


class ReplicaSetSpec(_Wire, frozen=True):
    """`spec` of a ReplicaSet; the template stays raw, to be digested as well as decoded. Replicas default to 1."""

    template: Raw
    replicas: int = 1


class ReplicaSetStatus(_Wire, frozen=True):
    """`status` of a ReplicaSet."""

    ready_replicas: int = 0


class ReplicaSet(_Wire, frozen=True):
    """apps/v1 ReplicaSet."""

    metadata: ObjectMeta
    spec: ReplicaSetSpec
    status: ReplicaSetStatus = ReplicaSetStatus()


class DeploymentSpec(_Wire, frozen=True):
    """`spec` of a Deployment. Defaults as the API documents them: 1 replica, a deadline of 600 s, not paused."""

    template: Raw
    replicas: int = 1
    paused: bool = False
    progress_deadline_seconds: int = 600


class DeploymentStatus(_Wire, frozen=True):
    """`status` of a Deployment: the counters are omitted when zero."""

    observed_generation: int | None = None
    replicas: int = 0
    updated_replicas: int = 0
    available_replicas: int = 0
    conditions: list[Condition] | None = None


class Deployment(_Wire, frozen=True):
    """apps/v1 Deployment."""

    metadata: ObjectMeta
    spec: DeploymentSpec
    status: DeploymentStatus | None = None


class NodeInfo(_Wire, frozen=True):
    """`status.nodeInfo`: each field is required by the API, and empty until the kubelet first reports."""

    architecture: str = ""
    container_runtime_version: str = ""
    kernel_version: str = ""
    kubelet_version: str = ""
    operating_system: str = ""
    os_image: str = ""


class NodeSpec(_Wire, frozen=True):
    """`spec` of a node."""

    unschedulable: bool = False
    provider_id: str = field(name="providerID", default="")


class NodeStatus(_Wire, frozen=True):
    """`status` of a node."""

    node_info: NodeInfo = NodeInfo()
    conditions: list[Condition] | None = None


class Node(_Wire, frozen=True):
    """core/v1 Node."""

    metadata: ObjectMeta
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


class Namespace(_Wire, frozen=True):
    """core/v1 Namespace: only kube-system's is used, its uid names the cluster."""

    metadata: ObjectMeta


Wire = Pod | ReplicaSet | Deployment | Node | Namespace


class TypeMeta(_Wire, frozen=True):
    """`kind` and `apiVersion`, which items of typed lists lack."""

    kind: str = ""
    api_version: str = ""


class ListMeta(_Wire, frozen=True):
    """`metadata` of a list: `continue` is set while pages follow."""

    continue_: str = field(name="continue", default="")
    remaining_item_count: int = 0
    resource_version: str = ""


class RawList(_Wire, frozen=True):
    """A list whose items are decoded one by one."""

    items: list[Raw] | None = None
    kind: str = ""
    api_version: str = ""
    metadata: ListMeta = ListMeta()
