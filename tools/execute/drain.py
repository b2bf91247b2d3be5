"""Drains a cordoned Node: evicts what its plan names as fast as budgets allow, and waits until it is gone."""

from __future__ import annotations

from typing import Any

from tools.collect.kubernetes.api import Api
from tools.errors import Refused
from tools.execute import eviction
from tools.execute.eviction import Owners, Pod, evict, is_ending, local_volumes, name_of, pods, refuse_loss, stays
from tools.execute.executor import Blocked, Settled, World, read_same
from tools.model.action import Drain
from tools.model.plan import Bound, Preview, hash_fields


class Draining:
    """The executor of one `Drain`."""

    repeatable = True

    def __init__(self, action: Drain) -> None:
        self.action = action
        self.timeout = eviction.TIMEOUT
        self._held = ""

    def bind(self, api: Api) -> tuple[Bound, ...]:
        """The node itself. What runs there is compared with the workloads that the action names, at each look."""
        self._node(api)
        refuse_loss(self._evicted(api), self.action.delete_local_data)
        return (Bound(self.action.host, "metadata.uid", hash_fields(self.action.host.uid)),)

    def preview(self, api: Api) -> Preview:
        """What would be evicted and what stays; of each pod what the server's dry run says."""
        lines, by, reason = [], "server dry run", ""
        for pod in self._evicted(api):
            lost = "".join(f"; emptyDir {name} is lost" for name in local_volumes(pod))
            try:
                evict(api, pod, "", dry_run=True)
                lines.append(f"- {name_of(pod)}{lost}")
            except Blocked as blocked:
                lines.append(f"- {name_of(pod)}{lost}; not now: {blocked}")
            except Refused as refused:
                by, reason = "computed here", f"the server does not let this account try it: {refused.cause}"
                lines.append(f"- {name_of(pod)}{lost}")
        lines += [f"  {name_of(pod)} stays" for pod in pods(api, node=self.action.host.name) if stays(pod)]
        return Preview(by=by, diff="\n".join(lines), reason=reason)

    def world(self, api: Api, plan: str, bounds: tuple[Bound, ...]) -> World:
        """`before`, always: what is gone needs no eviction. Raises `Refused` where something else runs there than the
        plan names."""
        self._node(api)
        self._refuse_strangers(self._evicted(api), api)
        return "before"

    def rehearse(self, api: Api, plan: str) -> None:
        """The node must be cordoned, and each eviction let through by admission; a budget may hold it back for now."""
        self._cordoned(api)
        found = self._evicted(api)
        refuse_loss(found, self.action.delete_local_data)
        for pod in found:
            try:
                evict(api, pod, "", dry_run=True)
            except Blocked:
                continue

    def act(self, api: Api, plan: str, write_id: str) -> str:
        """Evict what budgets allow now. Raises `Blocked` where that is nothing of what is left."""
        self._cordoned(api)
        left = [pod for pod in self._evicted(api) if not is_ending(pod)]
        self._refuse_strangers(left, api)
        refuse_loss(left, self.action.delete_local_data)
        evicted: list[str] = []
        held: list[str] = []
        for pod in left:
            try:
                if evict(api, pod, write_id):
                    evicted.append(name_of(pod))
            except Blocked as blocked:
                held.append(str(blocked))
        self._held = held[0] if held else ""
        if held and not evicted:
            raise Blocked(f"{len(held)} pods are left; {held[0]}")
        return f"evicted: {', '.join(evicted) or 'nothing, for nothing was left'}"

    def settled(self, api: Api, plan: str) -> Settled:
        """Done when nothing that was to be evicted is left on the node, not even ending."""
        self._cordoned(api)
        left = self._evicted(api)
        if not left:
            return Settled(True, f"nothing that can be evicted is left on {self.action.host}")
        waiting = [pod for pod in left if not is_ending(pod)]
        told = [f"{len(left)} pods are left on {self.action.host}, {len(left) - len(waiting)} of them ending"]
        told += [_hanging(pod) for pod in left if is_ending(pod) and pod["metadata"].get("finalizers")][:1]
        told += [self._held] if waiting and self._held else []
        return Settled(False, "; ".join(told), again=bool(waiting))

    def _evicted(self, api: Api) -> list[Pod]:
        return [pod for pod in pods(api, node=self.action.host.name) if not stays(pod)]

    def _refuse_strangers(self, found: list[Pod], api: Api) -> None:
        owners, named = Owners(api), {workload.uid for workload in self.action.workloads}
        come = [name_of(pod) for pod in found if not is_ending(pod) and owners.root(pod) not in named]
        if come:
            raise Refused(
                "changed",
                f"{', '.join(come)} came to {self.action.host} after the plan was made",
                "the plan does not name the workload",
                "plan again",
            )

    def _node(self, api: Api) -> dict[str, Any]:
        return read_same(api, f"/api/v1/nodes/{self.action.host.name}", self.action.host)

    def _cordoned(self, api: Api) -> None:
        if not self._node(api)["spec"].get("unschedulable"):
            raise Refused(
                "changed",
                f"{self.action.host} is not cordoned any more: what is evicted could come back to it",
                "somebody has uncordoned it",
                "plan again",
            )


def _hanging(pod: Pod) -> str:
    return f"{name_of(pod)} is held by its finalizer {pod['metadata']['finalizers'][0]}"
