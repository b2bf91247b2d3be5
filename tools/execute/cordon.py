"""Cordons or uncordons a Node: `spec.unschedulable`."""

from __future__ import annotations

from typing import Any

from tools.collect.kubernetes.api import Api
from tools.errors import Refused
from tools.execute.executor import Patching, Settled, World, Write, guard, mark_of, marked_by, read_same
from tools.model.action import Cordon, Uncordon
from tools.model.plan import Bound, hash_fields

TAINT = "node.kubernetes.io/unschedulable"


class Schedulability(Patching):
    """The executor of one `Cordon` or `Uncordon`."""

    def __init__(self, action: Cordon | Uncordon) -> None:
        super().__init__(str(action))
        self.action = action
        self.wanted = isinstance(action, Cordon)
        self.timeout = 30.0

    def bind(self, api: Api) -> tuple[Bound, ...]:
        """The node's own schedulability."""
        node = self._node(api)
        if _unschedulable(node) == self.wanted:
            code = "already-cordoned" if self.wanted else "not-cordoned"
            raise Refused(code, f"{self.action.host} is {'cordoned' if self.wanted else 'schedulable'} already")
        return (_bound(self.action, node),)

    def world(self, api: Api, plan: str, bounds: tuple[Bound, ...]) -> World:
        """`after` where the node is as wanted and bears this plan's mark."""
        node = self._node(api)
        if marked_by(node, plan):  # this plan has written; another state, somebody has put over it
            return "after" if self.meant(node) else "changed"
        return "before" if (_bound(self.action, node),) == bounds else "changed"

    def meant(self, after: dict[str, Any]) -> bool:
        """Whether the node is as wanted."""
        return _unschedulable(after) == self.wanted

    def write(self, api: Api, plan: str) -> Write:
        """Set `spec.unschedulable`."""
        node = self._node(api)
        operations = [*guard(node, plan), {"op": "add", "path": "/spec/unschedulable", "value": self.wanted}]
        return Write(self._path(), operations, node)

    def settled(self, api: Api, plan: str) -> Settled:
        """Done when the node controller has set, or lifted, its taint: from then on nothing new is scheduled there."""
        node = self._node(api)
        if not marked_by(node, plan) or _unschedulable(node) != self.wanted:
            return Settled(False, "somebody else has written to it since", failed=True)
        tainted = any(taint["key"] == TAINT for taint in node["spec"].get("taints") or ())
        return Settled(
            tainted == self.wanted, f"unschedulable: {self.wanted}, taint: {'set' if tainted else 'not set'}"
        )

    def _path(self) -> str:
        return f"/api/v1/nodes/{self.action.host.name}"

    def _node(self, api: Api) -> dict[str, Any]:
        return read_same(api, self._path(), self.action.host)


def _unschedulable(node: dict[str, Any]) -> bool:
    return bool(node["spec"].get("unschedulable", False))


def _bound(action: Cordon | Uncordon, node: dict[str, Any]) -> Bound:
    return Bound(action.host, "spec.unschedulable, mark", hash_fields([_unschedulable(node), mark_of(node)]))
