"""core/v1: pods with what the kubelet reports of them, templates, nodes, namespaces and events."""

from __future__ import annotations

from msgspec import Raw, field

from tools.collect.kubernetes.wire.meta import Condition, ObjectMeta, Struct, Time


class Container(Struct, frozen=True):
    """`spec.containers[]`, also init and ephemeral ones."""

    name: str
    image: str = ""
    restart_policy: str | None = None


class PodSpec(Struct, frozen=True):
    """`spec` of a pod or of a template."""

    containers: list[Container]
    init_containers: list[Container] | None = None
    ephemeral_containers: list[Container] | None = None
    node_name: str | None = None


class StateRunning(Struct, frozen=True):
    """`state.running`."""

    started_at: Time | None = None


class StateOther(Struct, frozen=True):
    """`state.waiting` and `state.terminated`."""

    reason: str | None = None
    started_at: Time | None = None
    finished_at: Time | None = None


class ContainerState(Struct, frozen=True):
    """`status.containerStatuses[].state`; without any member it is waiting, by the API's documentation."""

    running: StateRunning | None = None
    waiting: StateOther | None = None
    terminated: StateOther | None = None


class ContainerStatus(Struct, frozen=True):
    """`status.containerStatuses[]`."""

    name: str
    image_id: str = field(name="imageID", default="")
    container_id: str | None = field(name="containerID", default=None)
    restart_count: int = 0
    state: ContainerState | None = None


class PodStatus(Struct, frozen=True):
    """`status` of a pod."""

    phase: str = ""
    conditions: list[Condition] | None = None
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None
    ephemeral_container_statuses: list[ContainerStatus] | None = None


class Pod(Struct, frozen=True):
    """core/v1 Pod."""

    metadata: ObjectMeta
    spec: PodSpec
    status: PodStatus = PodStatus()


class TemplateMeta(Struct, frozen=True):
    """`spec.template.metadata`."""

    labels: dict[str, str] | None = None


class Template(Struct, frozen=True):
    """`spec.template`."""

    spec: PodSpec
    metadata: TemplateMeta = TemplateMeta()


class ReplicaSetSpec(Struct, frozen=True):
    """`spec` of a ReplicaSet or a ReplicationController; the template stays raw, to be digested as well as decoded.
    Replicas default to 1."""

    template: Raw
    replicas: int = 1


class ReplicaSetStatus(Struct, frozen=True):
    """`status` of a ReplicaSet or a ReplicationController: the counter is omitted when zero."""

    ready_replicas: int = 0


class ReplicationController(Struct, frozen=True):
    """core/v1 ReplicationController."""

    metadata: ObjectMeta
    spec: ReplicaSetSpec
    status: ReplicaSetStatus = ReplicaSetStatus()


class NodeInfo(Struct, frozen=True):
    """`status.nodeInfo`: each field is required by the API, and empty until the kubelet first reports."""

    architecture: str = ""
    container_runtime_version: str = ""
    kernel_version: str = ""
    kubelet_version: str = ""
    operating_system: str = ""
    os_image: str = ""


class NodeSpec(Struct, frozen=True):
    """`spec` of a node."""

    unschedulable: bool = False
    provider_id: str = field(name="providerID", default="")


class NodeStatus(Struct, frozen=True):
    """`status` of a node."""

    node_info: NodeInfo = NodeInfo()
    conditions: list[Condition] | None = None


class Node(Struct, frozen=True):
    """core/v1 Node."""

    metadata: ObjectMeta
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


class Namespace(Struct, frozen=True):
    """core/v1 Namespace: only kube-system's is used, its uid names the cluster."""

    metadata: ObjectMeta


class InvolvedObject(Struct, frozen=True):
    """`involvedObject` of an event; an event may lack any of it."""

    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""


class Event(Struct, frozen=True):
    """core/v1 Event: a series has `count` and `lastTimestamp`, a single one may have `eventTime` instead."""

    metadata: ObjectMeta
    involved_object: InvolvedObject
    reason: str = ""
    message: str = ""
    count: int | None = None
    last_timestamp: Time | None = None
    event_time: Time | None = None
