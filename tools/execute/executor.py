"""What an executor of one action is made of. One file per action; `executor_for` in carry_out.py is
the closed union's dispatch."""

from __future__ import annotations

import difflib
from typing import Any, Literal, Protocol, TypeVar

import msgspec
import yaml

from tools.collect.kubernetes.api import Api
from tools.errors import ApiFailure, Refused
from tools.model.identity import Ref
from tools.model.plan import Bound, Preview

CONFLICTS = 5
"""How often a write is tried again that somebody else's write has overtaken."""

MARK = "auditor/plan"
"""The annotation that an executor leaves on what it wrote: the plan's hash."""

C = TypeVar("C", contravariant=True)

World = Literal["before", "after", "changed"]


class Settled(msgspec.Struct, frozen=True):
    """Whether the cluster has finished what the act began, how it stands, and whether it never will (`failed`);
    `again` asks for another act: what was refused for now (a disruption budget) may be let through by now."""

    done: bool
    detail: str
    failed: bool = False
    again: bool = False


class Blocked(Exception):
    """The cluster does not allow the act for now (a disruption budget): it is tried again until the step's timeout."""


class Write(msgspec.Struct, frozen=True):
    """One write: the object's path, the JSON patch, and the object as it was."""

    path: str
    operations: list[dict[str, Any]]
    before: dict[str, Any]


class Executor(Protocol[C]):
    """One action in one place, by the client that its executors talk to the place by (`Place.client`).
    `repeatable`: finding it done is as good as doing it, whoever did it (what is gone is gone), so that a later step
    need not be the one that does it."""

    repeatable: bool
    timeout: float

    def bind(self, api: C) -> tuple[Bound, ...]:
        """The objects and fields that the action depends on, as they are now. Raises `Refused` where a precondition
        does not hold, `ApiFailure` where they can't be read."""

    def preview(self, api: C) -> Preview:
        """What the action would change, from the server's own dry run where the account may try it."""

    def world(self, api: C, plan: str, bounds: tuple[Bound, ...]) -> World:
        """How the live world stands to the plan: not yet done, done by this plan, or changed by somebody else."""

    def rehearse(self, api: C, plan: str) -> None:
        """Try it on the server, storing nothing. Raises `Refused` where it would not do what was approved."""

    def act(self, api: C, plan: str, write_id: str) -> str:
        """Do it, or what is left of it, under `write_id` as the request's audit id; what was done, in words. Raises
        `ApiFailure` (`conflict`) where somebody wrote meanwhile, `Blocked` where the cluster does not allow it yet."""

    def settled(self, api: C, plan: str) -> Settled:
        """Whether the act's effect is complete, from the live state."""


class Patching:
    """What the executors share that write one object with one JSON patch. They add `write` and `meant`."""

    repeatable = False

    def __init__(self, told: str) -> None:
        self.told = told

    def write(self, api: Api, plan: str) -> Write:
        """The write that carries it out, guarded by the object's uid and resourceVersion."""
        raise NotImplementedError

    def meant(self, after: dict[str, Any]) -> bool:
        """Whether an object, as the server would store it, is what the last `write` meant: admission may rewrite it."""
        raise NotImplementedError

    def preview(self, api: Api) -> Preview:
        """The effect as a diff; computed here where the account may not try it."""
        write = self.write(api, "p-preview")
        try:
            write, after = self.dry_run(api, "p-preview")
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

    def dry_run(self, api: Api, plan: str) -> tuple[Write, dict[str, Any]]:
        """Try the write on the server, storing nothing; again where somebody wrote between look and try."""
        for _ in range(CONFLICTS):
            write = self.write(api, plan)
            try:
                return write, api.patch(write.path, write.operations, dry_run=True)
            except ApiFailure as failure:
                if failure.code != "conflict":
                    raise
        raise Refused("conflict", "others write to the object all the time", f"{CONFLICTS} tries", "try again later")

    def rehearse(self, api: Api, plan: str) -> None:
        """The server's dry run, which must be what was approved."""
        if not self.meant(self.dry_run(api, plan)[1]):
            raise Refused(
                "rewritten",
                f"admission would rewrite what {self.told} writes",
                "the server's dry run is not what was approved; nothing was written",
                "change the admission policy, or deploy through the pipeline",
            )

    def act(self, api: Api, plan: str, write_id: str) -> str:
        """The write."""
        write = self.write(api, plan)
        after = api.patch(write.path, write.operations, dry_run=False, audit_id=write_id)
        return f"written: resourceVersion {after['metadata']['resourceVersion']}"


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


def read_same(api: Api, path: str, ref: Ref) -> dict[str, Any]:
    """Read an object and insist that it is the one that was meant. Raises `Refused` (`gone`) where it is not there, or
    another one of the same name is."""
    try:
        found: dict[str, Any] = api.read(path)
    except ApiFailure as failure:
        if failure.code == "not-found":
            raise Refused("gone", f"{ref} is gone", failure.message, "plan again") from failure
        raise
    if found["metadata"]["uid"] != ref.uid:
        raise Refused("gone", f"{ref} was replaced by another object of its name", mend="plan again")
    return found
