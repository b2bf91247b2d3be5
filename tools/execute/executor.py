"""What an executor of one action is made of. One file per action; `executor_for` is the closed union's dispatch."""

from __future__ import annotations

import difflib
from typing import Any, Literal, Protocol

import msgspec
import yaml

from tools.collect.kubernetes.api import Api, ApiFailure
from tools.errors import Refused
from tools.model.plan import Bound, Preview

CONFLICTS = 5
"""How often a write is tried again that somebody else's write has overtaken."""

MARK = "auditor/plan"
"""The annotation that an executor leaves on what it wrote: the plan's hash."""

World = Literal["before", "after", "changed"]


class Settled(msgspec.Struct, frozen=True):
    """Whether the cluster has finished what the write began, how it stands, and whether it never will (`failed`)."""

    done: bool
    detail: str
    failed: bool = False


class Write(msgspec.Struct, frozen=True):
    """One write: the object's path, the JSON patch, and the object as it was."""

    path: str
    operations: list[dict[str, Any]]
    before: dict[str, Any]


class Executor(Protocol):
    """One action on one cluster."""

    timeout: float

    def bind(self, api: Api) -> tuple[Bound, ...]:
        """The objects and fields that the action depends on, as they are now. Raises `Refused` where a precondition
        does not hold, `ApiFailure` where they can't be read."""

    def world(self, api: Api, plan: str, bounds: tuple[Bound, ...]) -> World:
        """How the live world stands to the plan: not yet done, done by this plan, or changed by somebody else."""

    def write(self, api: Api, plan: str) -> Write:
        """The write that carries it out, guarded by the object's uid and resourceVersion."""

    def meant(self, after: dict[str, Any]) -> bool:
        """Whether an object, as the server would store it, is what the last `write` meant: admission may rewrite it."""

    def settled(self, api: Api, plan: str) -> Settled:
        """Whether the write's effect is complete, from the live state."""


def preview(executor: Executor, api: Api) -> Preview:
    """The action's effect as a diff, from the server's own dry run; computed here where the account may not try it."""
    write = executor.write(api, "p-preview")
    try:
        write, after = dry_run(executor, api, "p-preview")
    except ApiFailure as failure:
        if failure.code not in ("forbidden", "unauthorized"):
            raise
        after = apply(write.before, write.operations)
        return Preview(
            by="computed here",
            diff=diff(write.before, after),
            reason=f"this account may not try it on the server ({failure.status})",
        )
    return Preview(by="server dry run", diff=diff(write.before, after))


def dry_run(executor: Executor, api: Api, plan: str) -> tuple[Write, dict[str, Any]]:
    """Try the write on the server, storing nothing; again where somebody wrote to the object between look and try."""
    for _ in range(CONFLICTS):
        write = executor.write(api, plan)
        try:
            return write, api.patch(write.path, write.operations, dry_run=True)
        except ApiFailure as failure:
            if failure.code != "conflict":
                raise
    raise Refused("conflict", "others write to the object all the time", f"{CONFLICTS} tries", "try again later")


def apply(before: dict[str, Any], operations: list[dict[str, Any]]) -> dict[str, Any]:
    """A JSON patch of `add` and `replace` on members of objects, which is all that executors write."""
    after: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(before))
    for operation in operations:
        *parents, last = [p.replace("~1", "/").replace("~0", "~") for p in operation["path"].split("/")[1:]]
        place: Any = after
        for parent in parents:
            place = place[parent]
        if operation["op"] != "test":
            place[last] = operation["value"]
    return after


def diff(before: dict[str, Any], after: dict[str, Any]) -> str:
    """A unified diff of what a person would compare: `metadata.annotations`, `spec`; no status, no bookkeeping."""
    lines = difflib.unified_diff(_plain(before), _plain(after), "live", "planned", lineterm="", n=2)
    return "\n".join(lines)


def _plain(thing: dict[str, Any]) -> list[str]:
    notes = {k: v for k, v in (thing["metadata"].get("annotations") or {}).items() if k != MARK}
    shown = {
        "kind": thing.get("kind"),
        "metadata": {"name": thing["metadata"]["name"], "annotations": notes},
        "spec": thing.get("spec"),
    }
    return str(yaml.safe_dump(shown, sort_keys=True, allow_unicode=False, width=200)).splitlines()


def guard(thing: dict[str, Any], plan: str) -> list[dict[str, Any]]:
    """The operations that every write begins with: the same object, unchanged since it was read (409 where not), and
    the mark of the plan."""
    meta = thing["metadata"]
    marked = {**(meta.get("annotations") or {}), MARK: plan}
    return [
        {"op": "test", "path": "/metadata/uid", "value": meta["uid"]},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": meta["resourceVersion"]},
        {"op": "add", "path": "/metadata/annotations", "value": marked},
    ]


def mark_of(thing: dict[str, Any]) -> str:
    """The plan that last wrote to an object; empty where none did. It is one of the fields that a plan is bound to:
    what another plan has done meanwhile is a change, even where it leads back to what was there."""
    return str((thing["metadata"].get("annotations") or {}).get(MARK, ""))


def marked_by(thing: dict[str, Any], plan: str) -> bool:
    """Whether the plan's mark is on an object."""
    return mark_of(thing) == plan
