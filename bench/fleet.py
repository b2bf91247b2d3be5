"""A generated recording: lists of pods, Deployments, ReplicaSets and nodes, as the API server returns them.

`python -m bench.fleet PODS FOLDER` writes it. The same count gives the same bytes. Deployments have from 1 to 19 pods
and two superseded ReplicaSets each; a pod is about 6.5 kB with its managedFields. Three in a hundred Deployments are
not as they should be: one names its image by tag, one has an image patched in place, one's rollout missed its deadline.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.objects import MADE, PATCHED, READY, Object, digest, managed, metadata, node, owner, pod_spec

PODS_ON_A_NODE = 60
FILES = ("namespaces.json", "nodes.json", "deployments.json", "replicasets.json", "pods.json")


class Workload:
    """One Deployment, with its ReplicaSets and pods. `fault` is what is wrong: nothing, tag, patched or deadline."""

    def __init__(self, index: int, replicas: int, fault: str) -> None:
        self.name, self.namespace, self.replicas, self.fault = f"service-{index}", f"team-{index % 40}", replicas, fault
        self.labels = {"app.kubernetes.io/name": self.name, "app.kubernetes.io/part-of": self.namespace}
        self.object = self._deployment()
        self.releases = [self._replica_set(number) for number in (1, 2, 3)]

    def image(self, number: int) -> str:
        """The image that a release of that number names."""
        repository = f"registry.example.com/{self.namespace}/{self.name}"
        return f"{repository}:v{number}" if self.fault == "tag" else f"{repository}@{digest(self.name, number)}"

    def _template(self, number: int, **labels: str) -> Object:
        return {"metadata": {"labels": {**self.labels, **labels}}, "spec": pod_spec(self.name, self.image(number))}

    def _deployment(self) -> Object:
        spec = {
            "replicas": self.replicas,
            "selector": {"matchLabels": self.labels},
            "template": self._template(3),
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": "25%"}},
            "revisionHistoryLimit": 10,
            "progressDeadlineSeconds": 600,
        }
        late = self.fault == "deadline"
        progress = ("False", "ProgressDeadlineExceeded") if late else ("True", "NewReplicaSetAvailable")
        condition = {"type": "Progressing", "status": progress[0], "reason": progress[1], "message": progress[1]}
        counts = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), self.replicas)
        status = {"observedGeneration": 1, **counts, "conditions": [{**condition, "lastTransitionTime": READY}]}
        wrote = [
            managed("helm", "apps/v1", MADE, {"spec": spec}),
            managed("kube-controller-manager", "apps/v1", READY, {"status": status}, "status"),
        ]
        revision = {"annotations": {"deployment.kubernetes.io/revision": "3"}}
        meta = metadata(self.name, self.namespace, self.labels, managedFields=wrote, **revision)
        return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec, "status": status}

    def _replica_set(self, number: int) -> Object:
        short = digest(self.name, "template", number)[7:16]
        replicas = self.replicas if number == 3 else 0
        template = self._template(number, **{"pod-template-hash": short})
        labels = template["metadata"]["labels"]
        spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
        status = {"replicas": replicas, "readyReplicas": replicas, "observedGeneration": 1}
        meta = metadata(
            f"{self.name}-{short}",
            self.namespace,
            labels,
            annotations={"deployment.kubernetes.io/revision": str(number)},
            ownerReferences=owner("Deployment", self.object),
            managedFields=[managed("kube-controller-manager", "apps/v1", MADE, {"spec": spec})],
        )
        return {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": meta, "spec": spec, "status": status}

    def pods(self, nodes: int, start: int) -> Iterator[Object]:
        """Its pods, spread over the nodes from `start` on."""
        for index in range(self.replicas):
            yield self._pod(index, (start + index) % nodes)

    def _pod(self, index: int, node: int) -> Object:
        release = self.releases[-1]
        patched = self.fault == "patched" and index == 0
        template = release["spec"]["template"]
        image = self.image(3).partition("@")[0] + "@" + digest("patch", self.name) if patched else self.image(3)
        spec = {**pod_spec(self.name, image), "nodeName": f"node-{node}", "priority": 0, "enableServiceLinks": True}
        spec["tolerations"] = [
            {"key": f"node.kubernetes.io/{why}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
            for why in ("not-ready", "unreachable")
        ]
        status = self._pod_status(image, index, node)
        base = {"generateName": release["metadata"]["name"] + "-", "ownerReferences": owner("ReplicaSet", release)}
        wrote = [
            managed(
                "kube-controller-manager", "v1", MADE, {"metadata": template["metadata"], "spec": template["spec"]}
            ),
            managed("kubelet", "v1", READY, {"status": status}, "status"),
        ]
        if patched:
            changed = {"spec": {"containers": [{"name": "app", "image": image}]}}
            del wrote[0]["fieldsV1"]["f:spec"]["f:containers"]['k:{"name":"app"}']["f:image"]
            wrote.append(managed("kubectl-patch", "v1", PATCHED, changed))
        name = f"{base['generateName']}{digest(self.name, 'pod', index)[7:12]}"
        meta = metadata(name, self.namespace, template["metadata"]["labels"], managedFields=wrote, **base)
        meta["generation"] = 2 if patched else 1
        return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec, "status": status}

    def _pod_status(self, image: str, index: int, node: int) -> Object:
        kinds = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
        timed = {"status": "True", "lastProbeTime": None, "lastTransitionTime": READY, "observedGeneration": 1}
        by_digest = f"registry.example.com/{self.namespace}/{self.name}@{digest(self.name, 3)}"
        reported = {
            "name": "app",
            "state": {"running": {"startedAt": READY}},
            "lastState": {},
            "ready": True,
            "restartCount": 0,
            "image": image,
            "imageID": by_digest if self.fault == "tag" else image,
            "containerID": f"containerd://{digest(self.name, 'container', index)[7:]}",
            "started": True,
        }
        address = f"10.{node // 250}.{node % 250}.{index + 2}"
        return {
            "observedGeneration": 1,
            "phase": "Running",
            "conditions": [{"type": kind, **timed} for kind in kinds],
            "hostIP": f"192.168.{node // 250}.{node % 250}",
            "podIP": address,
            "podIPs": [{"ip": address}],
            "startTime": MADE,
            "containerStatuses": [reported],
            "qosClass": "Burstable",
        }


def workloads(pods: int) -> Iterator[Workload]:
    """Deployments that keep this many pods between them."""
    sizes, index = random.Random(pods), 0
    while pods > 0:
        replicas = min(pods, sizes.randint(1, 19))
        yield Workload(index, replicas, {20: "tag", 50: "patched", 80: "deadline"}.get(index % 100, ""))
        pods, index = pods - replicas, index + 1


def every_pod(fleet: list[Workload], nodes: int) -> Iterator[Object]:
    """The pods of all Deployments, one at a time: together they would not be small."""
    start = 0
    for workload in fleet:
        yield from workload.pods(nodes, start)
        start += workload.replicas


def write(pods: int, folder: Path) -> None:
    """Write the recording; one file for each kind, as `kubectl get KIND -A -o json --show-managed-fields` does."""
    folder.mkdir(parents=True, exist_ok=True)
    fleet, nodes = list(workloads(pods)), -(-pods // PODS_ON_A_NODE)
    system = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata("kube-system", "", {})}
    lists: tuple[Iterator[Object], ...] = (
        iter([system]),
        map(node, range(nodes)),
        (one.object for one in fleet),
        (release for one in fleet for release in one.releases),
        every_pod(fleet, nodes),
    )
    for name, items in zip(FILES, lists, strict=True):
        with (folder / name).open("w") as file:
            file.write('{"apiVersion":"v1","kind":"List","metadata":{"resourceVersion":""},"items":[')
            for index, item in enumerate(items):
                file.write(("," if index else "") + json.dumps(item, separators=(",", ":")))
            file.write("]}\n")


if __name__ == "__main__":
    write(int(sys.argv[1]), Path(sys.argv[2]))
