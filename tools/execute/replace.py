"""Replaces one instance: evicts the Pod, and waits until its controller has a new one that is ready."""

from __future__ import annotations

from tools.collect.kubernetes.api import Api
from tools.errors import Refused
from tools.execute import eviction
from tools.execute.eviction import Owners, Pod, evict, is_ending, local_volumes, name_of, named, pods, refuse_loss
from tools.execute.executor import Blocked, Settled, World
from tools.model.action import ReplaceInstance
from tools.model.plan import Bound, Preview, hash_fields

_COUNTED = {"Deployment": "deployments", "StatefulSet": "statefulsets", "DaemonSet": "daemonsets",
            "ReplicaSet": "replicasets"}  # fmt: skip


class Replacement:
    """The executor of one `ReplaceInstance`."""

    repeatable = True

    def __init__(self, action: ReplaceInstance) -> None:
        self.action = action
        self.timeout = eviction.TIMEOUT

    def bind(self, api: Api) -> tuple[Bound, ...]:
        """The pod itself, which a controller must own."""
        pod = self._pod(api)
        if pod is None:
            raise Refused("gone", f"{self.action.instance} is gone, or ending", mend="plan again")
        if "kubernetes.io/config.mirror" in (pod["metadata"].get("annotations") or {}):
            raise Refused("static", f"{self.action.instance} is made by its host's own files", mend="replace the host")
        if pod["status"].get("phase") in ("Succeeded", "Failed"):
            raise Refused("finished", f"{self.action.instance} has finished: there is nothing to replace")
        refuse_loss([pod], self.action.delete_local_data)
        return (Bound(self.action.instance, "metadata.uid", hash_fields(self.action.instance.uid)),)

    def preview(self, api: Api) -> Preview:
        """What the server's dry run of the eviction says."""
        pod = self._pod(api)
        lost = "".join(f"; emptyDir {name} is lost" for name in (local_volumes(pod) if pod else ()))
        line = f"- {self.action.instance}{lost}"
        if pod is None:
            return Preview(by="the live state", diff="", reason="it is gone, or ending")
        try:
            evict(api, pod, "", dry_run=True)
        except Blocked as blocked:
            return Preview(by="server dry run", diff=f"{line}; not now: {blocked}")
        except Refused as refused:
            return Preview(by="computed here", diff=line, reason=f"this account may not try it: {refused.cause}")
        return Preview(by="server dry run", diff=line)

    def world(self, api: Api, plan: str, bounds: tuple[Bound, ...]) -> World:
        """`after` where the pod is gone, or ending, whoever ended it."""
        return "before" if self._pod(api) else "after"

    def rehearse(self, api: Api, plan: str) -> None:
        """Admission must let the eviction through; a budget may hold it back for now."""
        pod = self._pod(api)
        if pod is not None:
            refuse_loss([pod], self.action.delete_local_data)
            try:
                evict(api, pod, "", dry_run=True)
            except Blocked:
                return

    def act(self, api: Api, plan: str, write_id: str) -> str:
        """Evict it, unless it is gone."""
        pod = self._pod(api)
        if pod is None or not evict(api, pod, write_id):
            return "it was gone already"
        return f"evicted: {name_of(pod)}"

    def settled(self, api: Api, plan: str) -> Settled:
        """Done when the pod is gone, its workload has as many as it wants, and the newest of them is ready."""
        found = pods(api, self.action.instance.namespace)
        if any(pod["metadata"]["uid"] == self.action.instance.uid for pod in found):
            return Settled(False, f"{self.action.instance} is ending")
        owners = Owners(api)
        mine = [pod for pod in found if not is_ending(pod) and owners.root(pod) == self.action.workload.uid]
        wanted, ready = self._wanted(api), sum(map(_is_ready, mine))
        newest = max(mine, key=lambda pod: str(pod["metadata"]["creationTimestamp"]), default=None)
        told = f"{ready} of {wanted} instances of {self.action.workload} are ready"
        replaced = newest is not None and len(mine) >= wanted and _is_ready(newest)
        return Settled(replaced or not wanted, f"{self.action.instance} is gone; {told}")

    def _pod(self, api: Api) -> Pod | None:
        """The pod, unless it is gone, ending, or another one has its name."""
        ref = self.action.instance
        found = named(api, f"/api/v1/namespaces/{ref.namespace}/pods", ref.name)
        return found if found and found["metadata"]["uid"] == ref.uid and not is_ending(found) else None

    def _wanted(self, api: Api) -> int:
        """How many instances the workload wants; 1 for a kind that does not say."""
        ref = self.action.workload
        if ref.kind not in _COUNTED:
            return 1
        read = named(api, f"/apis/apps/v1/namespaces/{ref.namespace}/{_COUNTED[ref.kind]}", ref.name)
        if read is None:
            raise Refused("gone", f"{ref} is gone, and nothing replaces {self.action.instance}", mend="look at it")
        if ref.kind == "DaemonSet":
            return int(read.get("status", {}).get("desiredNumberScheduled", 0))
        return int(read["spec"].get("replicas", 1))


def _is_ready(pod: Pod) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions") or ())
