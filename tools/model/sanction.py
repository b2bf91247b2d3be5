"""What this auditor may have done: the writes of its plans' steps, as the store's journal and ledger prove them.

A mark on an object is no proof, for anybody can copy it. A step's requests bear an audit id (header `Audit-ID`) that
was chosen at the step's intent and that nobody else knew before it was sent.
"""

from __future__ import annotations

from uuid import UUID, uuid5

import msgspec

from tools.model.change import Act
from tools.model.identity import Ref


class Sanction(msgspec.Struct, frozen=True, kw_only=True):
    """What one executed step may have written: as which `user`, to which object (`ref`; of a drain the host, and then
    the instances of `owners`), by which `act` and HTTP `verb` of the API, and when: from `begin`, its intent, to `end`,
    when the write had been accepted (empty: it was begun and has not ended). Times are RFC 3339 UTC, of the ledger."""

    plan: str
    run: str
    step: int
    write_id: str
    user: str
    ref: Ref
    act: Act
    verb: str
    begin: str
    end: str = ""
    owners: tuple[Ref, ...] = ()

    def audit_id(self, ref: Ref) -> str:
        """The audit id of its request for an object. Each eviction has its own, of the step's and the pod's uid."""
        return str(uuid5(UUID(self.write_id), ref.uid)) if self.act == "evict" else self.write_id

    def is_for(self, ref: Ref, root: Ref) -> bool:
        """Whether an object is one that it may write to; `root` is the object's root owner, as far as it is known (what
        is gone may not tell who owned its owner)."""
        if self.owners:
            return root.kind in ("Pod", "ReplicaSet", "Job") or any(
                root.identity == owner.identity for owner in self.owners
            )
        return ref.identity == self.ref.identity

    def __str__(self) -> str:
        return f"step {self.step} of plan {self.plan}"


class Sanctions(msgspec.Struct, frozen=True):
    """The steps that a store's ledger proves, by the audit id that was made for each; and of the plans that are in its
    journal and not proven, why not."""

    steps: dict[str, Sanction] = {}
    unproven: dict[str, str] = {}

    def of_plan(self, plan: str) -> list[Sanction]:
        """The proven steps of a plan."""
        return [step for step in self.steps.values() if step.plan == plan]
