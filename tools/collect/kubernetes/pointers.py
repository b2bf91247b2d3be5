"""Where each field of a noun stands in Kubernetes' own documents, as JSON pointers (RFC 6901)."""

from __future__ import annotations

POINTERS = {
    "Container.image": "{slot}/image",
    "Container.image_id": "{status_slot}/imageID",
    "Container.state": "{status_slot}/state",
    "Part.image": "{slot}/image",
    "Write.manager": "{slot}/manager",
    "Write.time": "{slot}/time",
    "Instance.generation": "/metadata/generation",
    "Instance.created": "/metadata/creationTimestamp",
    "Instance.controller": "/metadata/ownerReferences",
    "Release.created": "/metadata/creationTimestamp",
    "Release.ready": "/status/readyReplicas",
    "Workload.paused": "/spec/paused",
    "Workload.replicas": "/spec/replicas",
    "Workload.rollout.reason": "{status_slot}/reason",
    "Workload.rollout.available": "/status/availableReplicas",
    "Workload.rollout.updated": "/status/updatedReplicas",
    "Host.architecture": "/status/nodeInfo/architecture",
    "Host.container_runtime_version": "/status/nodeInfo/containerRuntimeVersion",
    "Host.kernel_version": "/status/nodeInfo/kernelVersion",
    "Host.kubelet_version": "/status/nodeInfo/kubeletVersion",
    "Host.operating_system": "/status/nodeInfo/operatingSystem",
    "Host.os_image": "/status/nodeInfo/osImage",
    "Host.unschedulable": "/spec/unschedulable",
}
"""Where each field of a noun is in Kubernetes' own documents (RFC 6901)."""
