"""The write-ahead journal in the store: implements `tools.execute.journal.Journal` for one claimed run."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from uuid import uuid4

from auditor.ledger.record import record
from auditor.store.claims import LEASE, Claim
from auditor.store.database import Database
from auditor.store.runs import now
from tools.errors import Refused
from tools.execute.journal import FIRST, State


class StoreJournal:
    """The journal of one claim. Every move is refused once another process has taken the claim over. `check` is asked
    once more inside the transaction of the first intent, where no other process can act meanwhile; it raises
    `Refused`. `actor` is who acts, as their scope knows them; `elsewhere` who acts in the steps of other scopes, by the
    step's number."""

    def __init__(
        self,
        database: Database,
        claim: Claim,
        actor: str = "",
        check: Callable[[], None] = lambda: None,
        elsewhere: Mapping[int, str] = MappingProxyType({}),
    ) -> None:
        self.database = database
        self.claim = claim
        self.actor = actor
        self.check = check
        self.elsewhere = elsewhere

    def state(self, plan: str, step: int) -> State | None:
        """How far a step came."""
        return step_state(self.database, plan, step)

    def intent(self, plan: str, step: int, detail: str) -> None:
        """The first row of a step with the audit id of its requests, in one transaction; of the first step also the
        end of the approvals. A later step needs that the plan was begun under these very approvals."""
        with self.database.transaction() as connection:
            self._held(connection)
            if step == FIRST:
                self.check()
            for approval in self.claim.approvals:
                self._consume(connection, plan, approval, first=step == FIRST)
            connection.execute(
                "INSERT INTO journal (plan, step, state, write_id, actor) VALUES (?, ?, 'intent', ?, ?)",
                (plan, step, str(uuid4()), self.elsewhere.get(step, self.actor)),
            )
            self._record(connection, plan, step, first=step == FIRST)
            self._line(connection, plan, step, "intent", detail)

    def write_id(self, plan: str, step: int) -> str:
        """The audit id that was chosen at the step's intent."""
        row = self.database.connection.execute(
            "SELECT write_id FROM journal WHERE plan = ? AND step = ?", (plan, step)
        ).fetchone()
        return str(row[0]) if row else ""

    def effect(self, plan: str, step: int, detail: str) -> None:
        """The write was accepted, or found in place."""
        self._move(plan, step, "effect", detail)

    def done(self, plan: str, step: int, detail: str) -> None:
        """The effect was verified."""
        self._move(plan, step, "done", detail)

    def note(self, plan: str, step: int, detail: str) -> None:
        """A line without a move."""
        with self.database.transaction() as connection:
            self._line(connection, plan, step, "note", detail)

    def hold(self) -> None:
        """Prolong the claim."""
        with self.database.transaction() as connection:
            self._held(connection)

    def _move(self, plan: str, step: int, state: State, detail: str) -> None:
        with self.database.transaction() as connection:
            self._held(connection)
            connection.execute("UPDATE journal SET state = ? WHERE plan = ? AND step = ?", (state, plan, step))
            self._record(connection, plan, step)
            self._line(connection, plan, step, state, detail)

    def _record(self, connection: sqlite3.Connection, plan: str, step: int, *, first: bool = False) -> None:
        """Say in the ledger how a step stands now, and at the first intent which approvals were spent on it."""
        state, write_id, actor = connection.execute(
            "SELECT state, write_id, actor FROM journal WHERE plan = ? AND step = ?", (plan, step)
        ).fetchone()
        told = {"plan": plan, "step": step, "state": state, "write_id": write_id, "actor": actor}
        record(self.database, "step", {**told, "approvals": list(self.claim.approvals)} if first else told)

    def _held(self, connection: sqlite3.Connection) -> None:
        """Prolong the claim inside the transaction that needs it. Raises `Refused` where it is not ours any more."""
        claim = self.claim
        changed = connection.execute(
            "UPDATE claims SET lease_until = ? WHERE run = ? AND interrupt = ? AND token = ?",
            (time.time() + LEASE, claim.run, claim.interrupt, claim.token),
        ).rowcount
        if not changed:
            raise Refused(
                "claim-lost",
                f"another process has taken run {claim.run} over",
                "this one's lease ran out",
                "nothing more is written by this process",
            )

    def _consume(self, connection: sqlite3.Connection, plan: str, approval: str, first: bool) -> None:
        """Spend an approval on a plan's first step; for a later one it must have been spent on that plan."""
        if first:
            statement = "UPDATE approvals SET consumed_at = ? WHERE id = ? AND plan = ? AND consumed_at IS NULL"
            if not connection.execute(statement, (now(), approval, plan)).rowcount:
                raise Refused("reused", f"approval {approval} was used before", mend="approve again")
            return
        statement = "SELECT 1 FROM approvals WHERE id = ? AND plan = ? AND consumed_at IS NOT NULL"
        if not connection.execute(statement, (approval, plan)).fetchone():
            raise Refused("no-approval", f"plan {plan} was not begun under approval {approval}", mend="plan again")

    @staticmethod
    def _line(connection: sqlite3.Connection, plan: str, step: int, state: str, detail: str) -> None:
        connection.execute(
            "INSERT INTO journal_lines (plan, step, at, state, detail) VALUES (?, ?, ?, ?, ?)",
            (plan, step, now(), state, detail),
        )


def journal_lines(database: Database, plan: str) -> list[tuple[int, str, str, str]]:
    """The record of a plan: step, time, state, detail; oldest first."""
    return database.connection.execute(
        "SELECT step, at, state, detail FROM journal_lines WHERE plan = ? ORDER BY number", (plan,)
    ).fetchall()


def step_state(database: Database, plan: str, step: int) -> State | None:
    """How far a step of a plan came; None where nothing was begun."""
    row = database.connection.execute("SELECT state FROM journal WHERE plan = ? AND step = ?", (plan, step)).fetchone()
    return row[0] if row else None
