"""Approvals: kept here, never in a client's hands, consumed at the first intent."""

from __future__ import annotations

import msgspec

from auditor.ledger.entry import fingerprint
from auditor.ledger.record import record
from auditor.store.database import Database
from tools.errors import Refused
from tools.model.plan import Approval


class Approvals:
    """The approvals of a store."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def save(self, approval: Approval) -> None:
        """Keep a new approval. Raises `Refused` where it is here already: a signed one has one id wherever it comes."""
        with self.database.transaction() as connection:
            added = connection.execute(
                "INSERT OR IGNORE INTO approvals (id, run, plan, data) VALUES (?, ?, ?, ?)",
                (approval.id, approval.run, approval.plan, msgspec.json.encode(approval, order="deterministic")),
            ).rowcount
            if added:
                self._record(approval)
        if not added:
            raise Refused("replayed", f"approval {approval.id} was handed in before", mend="sign a new one, if need be")

    def _record(self, approval: Approval) -> None:
        data = msgspec.json.encode(approval, order="deterministic")
        told = {"approval": approval.id, "run": approval.run, "plan": approval.plan, "sha256": fingerprint(data)}
        record(self.database, "approval", {**told, "approver": approval.approver, "how": approval.how})

    def get(self, approval: str) -> tuple[Approval, str | None]:
        """An approval and when it was consumed. Raises `Refused` where it never was, or can't be read."""
        row = self.database.connection.execute(
            "SELECT data, consumed_at, run, plan FROM approvals WHERE id = ?", (approval,)
        ).fetchone()
        if row is None:
            raise Refused("no-approval", f"there is no approval {approval!r} in this store", mend="auditor approve RUN")
        try:
            found = msgspec.json.decode(row[0], type=Approval)
        except msgspec.DecodeError as error:
            raise Refused("poisoned", f"approval {approval} can't be read", str(error), "approve again") from error
        if (found.id, found.run, found.plan) != (approval, row[2], row[3]):
            raise Refused("poisoned", f"approval {approval} does not say what it was filed under", mend="approve again")
        return found, row[1]

    def newest(self, run: str) -> str:
        """The id of the newest approval of a run. Raises `Refused` where it has none."""
        row = self.database.connection.execute(
            "SELECT id FROM approvals WHERE run = ? ORDER BY rowid DESC LIMIT 1", (run,)
        ).fetchone()
        if row is None:
            raise Refused("no-approval", f"nobody has approved run {run}", mend=f"auditor approve {run}")
        return str(row[0])

    def ids(self, run: str) -> list[str]:
        """The ids of a run's approvals, the newest first."""
        query = "SELECT id FROM approvals WHERE run = ? ORDER BY rowid DESC"
        return [str(row[0]) for row in self.database.connection.execute(query, (run,))]

    def of(self, run: str) -> list[tuple[Approval | str, str | None]]:
        """The approvals of a run and when each was consumed, oldest first; of one that can't be read, its id."""
        with self.database.reading() as connection:
            rows = connection.execute(
                "SELECT id, data, consumed_at FROM approvals WHERE run = ? ORDER BY rowid", (run,)
            ).fetchall()
        return [(_read(approval, data), used) for approval, data, used in rows]


def _read(approval: str, data: bytes) -> Approval | str:
    try:
        return msgspec.json.decode(data, type=Approval)
    except msgspec.DecodeError:
        return approval
