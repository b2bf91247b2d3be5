"""Plans and approvals, as data whose hash binds them."""

from __future__ import annotations

import hashlib

import msgspec

from tools.model.action import Action, target_of
from tools.model.identity import Ref

PLAN_VERSION = 2


class Bound(msgspec.Struct, frozen=True, order=True):
    """One object that an action depends on: its reference with uid, which of its fields, and their SHA-256 (not the
    resourceVersion, which moves with every heartbeat and status)."""

    ref: Ref
    fields: str
    hash: str


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What the action would change: a unified diff of the object, and who computed it. `by` is `server dry run`, or
    `computed here` with the reason why the server was not asked or did not answer."""

    by: str
    diff: str
    reason: str = ""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One action of a plan: what it is bound to, what it would change, and what undoes it (None: nothing does)."""

    action: Action
    bounds: tuple[Bound, ...]
    preview: Preview
    inverse: Action | None


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan touches, of how many there are in its scope, as the snapshot showed it: instances that end or are
    replaced, hosts that take nothing new or are emptied, and the workloads that these instances are of."""

    instances: int
    instances_total: int
    hosts: int
    hosts_total: int
    workloads: tuple[Ref, ...] = ()


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan is in one scope: the scope's id and name, and what the plan touches there."""

    scope: str
    scope_name: str
    reach: Reach


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Steps that are carried out in their order, proposed for one finding in one run; each is verified before the next.

    `scope`, `scope_name` and `reach` are of the first step's scope, and `proposer` is who that scope says looked.
    `elsewhere` are the plan's further scopes; a plan of one scope has no such field, so that its hash is what it was
    before there were others. `id` is the hash of all the rest.
    """

    version: int
    run: str
    scope: str
    scope_name: str
    recorded: bool
    finding: str
    steps: tuple[Step, ...]
    reach: Reach
    why: str
    notes: tuple[str, ...]
    proposer: str = ""
    id: str = ""
    elsewhere: tuple[Part, ...] | msgspec.UnsetType = msgspec.UNSET

    @property
    def parts(self) -> tuple[Part, ...]:
        """What the plan is in each of its scopes, the first step's first."""
        first = Part(scope=self.scope, scope_name=self.scope_name, reach=self.reach)
        return (first, *(() if self.elsewhere is msgspec.UNSET else self.elsewhere))

    @property
    def scopes(self) -> tuple[str, ...]:
        """The ids of its scopes, the first step's first."""
        return tuple(part.scope for part in self.parts)

    def part_of(self, action: Action) -> Part:
        """The part that an action is carried out in."""
        scope = target_of(action).scope
        return next((part for part in self.parts if part.scope == scope), self.parts[0])

    @property
    def bounds(self) -> tuple[Bound, ...]:
        """What all steps are bound to."""
        return tuple(bound for step in self.steps for bound in step.bounds)

    def __str__(self) -> str:
        return ", then ".join(str(step.action) for step in self.steps)


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """A yes to exactly one plan. `how` says by what means it was given: `SelfSubjectReview` (`approver` is who the
    cluster says they are), a key's type and fingerprint (`approver` is whose key it is; `statement` is what it signed,
    `signature` its SSH signature), or `policy`. Times are RFC 3339 UTC. `bounds` repeats what the plan was bound to
    when it was approved."""

    id: str
    run: str
    plan: str
    approver: str
    how: str
    given: str
    expires: str
    bounds: tuple[Bound, ...]
    statement: str = ""
    signature: str = ""


def plan_hash(plan: Plan) -> str:
    """`p-` and 32 hex digits of the SHA-256 of the plan's canonical JSON without its id."""
    body = msgspec.json.encode(msgspec.structs.replace(plan, id=""), order="deterministic")
    return "p-" + hashlib.sha256(body).hexdigest()[:32]


def short_code(plan: Plan) -> str:
    """What an approver types to say that they have read this very plan: the first eight hex digits of its hash."""
    return plan.id.removeprefix("p-")[:8]


def hash_fields(value: object) -> str:
    """The SHA-256 of plain data in canonical JSON."""
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()
