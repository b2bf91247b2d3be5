"""Pauses or resumes the rollout of a Deployment: `spec.paused`."""

from __future__ import annotations

from typing import Any

from tools.collect.kubernetes.api import Api
from tools.errors import Refused
from tools.execute.executor import Patching, Settled, World, Write, guard, mark_of, marked_by, read_same
from tools.model.action import PauseRollout, ResumeRollout
from tools.model.plan import Bound, hash_fields


class Pausing(Patching):
    """The executor of one `PauseRollout` or `ResumeRollout`."""

    def __init__(self, action: PauseRollout | ResumeRollout) -> None:
        super().__init__(str(action))
        self.action = action
        self.wanted = isinstance(action, PauseRollout)
        self.timeout = 30.0

    def bind(self, api: Api) -> tuple[Bound, ...]:
        """The Deployment's pause, and its template: what a resumed controller would roll out."""
        if self.action.workload.kind != "Deployment":
            raise Refused(
                "no-pause",
                f"{self.action.workload} can't be paused: its kind has no spec.paused",
                mend="a StatefulSet's partition, or a DaemonSet's strategy OnDelete, holds a rollout back",
            )
        found = self._deployment(api)
        if _paused(found) == self.wanted:
            raise Refused(
                "already-so", f"{self.action.workload} is {'paused' if self.wanted else 'not paused'} already"
            )
        return (self._bound(found),)

    def world(self, api: Api, plan: str, bounds: tuple[Bound, ...]) -> World:
        """`after` where it is as wanted and bears this plan's mark."""
        found = self._deployment(api)
        if marked_by(found, plan):
            return "after" if self.meant(found) else "changed"
        return "before" if (self._bound(found),) == bounds else "changed"

    def meant(self, after: dict[str, Any]) -> bool:
        """Whether it is as wanted."""
        return _paused(after) == self.wanted

    def write(self, api: Api, plan: str) -> Write:
        """Set `spec.paused`."""
        found = self._deployment(api)
        operations = [*guard(found, plan), {"op": "add", "path": "/spec/paused", "value": self.wanted}]
        return Write(self._path(), operations, found)

    def settled(self, api: Api, plan: str) -> Settled:
        """Done when the controller has seen it."""
        found = self._deployment(api)
        if not marked_by(found, plan) or not self.meant(found):
            return Settled(False, "somebody else has written to it since", failed=True)
        seen = found.get("status", {}).get("observedGeneration", 0) >= found["metadata"]["generation"]
        return Settled(seen, f"paused: {self.wanted}, {'' if seen else 'not '}seen by the controller")

    def _bound(self, found: dict[str, Any]) -> Bound:
        fields = [_paused(found), found["spec"]["template"], mark_of(found)]
        return Bound(self.action.workload, "spec.paused, spec.template, mark", hash_fields(fields))

    def _path(self) -> str:
        return f"/apis/apps/v1/namespaces/{self.action.workload.namespace}/deployments/{self.action.workload.name}"

    def _deployment(self, api: Api) -> dict[str, Any]:
        return read_same(api, self._path(), self.action.workload)


def _paused(found: dict[str, Any]) -> bool:
    return bool(found["spec"].get("paused", False))
