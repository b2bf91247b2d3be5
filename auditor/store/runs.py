"""Runs, and the contents that they refer to by hash: snapshots, reports, plans, refusals."""

from __future__ import annotations

import hashlib
import secrets
import zlib
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from auditor.store.database import Database
from tools.errors import AuditorError, Refused, UsageError
from tools.model import facts as model_facts
from tools.model.explanation import Explanation
from tools.model.facts import Facts
from tools.model.plan import Plan, plan_hash
from tools.model.report import Report

T = TypeVar("T")


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run: what it looked at, how far it came (`audited`, `planned`, `nothing-to-do`, `executing`, `done`,
    `failed`), and the ids of what it made."""

    id: str
    at: str
    source: str
    state: str
    snapshot: str | None
    report: str | None
    plan: str | None
    outcome: str


def now() -> str:
    """The present moment, RFC 3339 UTC with seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Runs:
    """The runs of a store."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def begin(self, source: str, state: str = "begun") -> str:
        """A new run; its id."""
        run = "r-" + secrets.token_hex(4)
        with self.database.transaction() as connection:
            connection.execute(
                "INSERT INTO runs (id, at, source, state) VALUES (?, ?, ?, ?)", (run, now(), source, state)
            )
        return run

    def get(self, run: str) -> Run:
        """A run by its id. Raises `UsageError` where it never was."""
        row = self.database.connection.execute(
            "SELECT id, at, source, state, snapshot, report, plan, outcome FROM runs WHERE id = ?", (run,)
        ).fetchone()
        if row is None:
            raise UsageError(f"there is no run {run!r} in this store", f"the store is {self.database.path}")
        keys = ("id", "at", "source", "state", "snapshot", "report", "plan", "outcome")
        return Run(**dict(zip(keys, row, strict=True)))

    def latest(self) -> Run:
        """The newest run that has a report. Raises `UsageError` where there is none."""
        row = self.database.connection.execute(
            "SELECT id FROM runs WHERE report IS NOT NULL ORDER BY rowid DESC LIMIT 1"
        ).fetchone()
        if row is None:
            raise UsageError(
                "nothing was audited yet", f"the store {self.database.path} holds no report", "auditor audit"
            )
        return self.get(row[0])

    def update(self, run: str, **fields: str) -> None:
        """Set `state`, `snapshot`, `report`, `plan` or `outcome` of a run."""
        assignments = ", ".join(f"{name} = ?" for name in fields)
        with self.database.transaction() as connection:
            connection.execute(f"UPDATE runs SET {assignments} WHERE id = ?", (*fields.values(), run))  # noqa: S608 - names are ours

    def save_facts(self, facts: Facts) -> str:
        """Store a snapshot's facts; their content id. The same facts are stored once."""
        data = model_facts.encode(facts)
        return self._save(model_facts.content_id(data), "facts", data)

    def load_facts(self, snapshot: str) -> Facts:
        """The facts of a snapshot, read back and checked against their id."""
        data = self._load(snapshot, "facts")
        if model_facts.content_id(data) != snapshot:
            raise AuditorError(f"snapshot {snapshot} in the store is damaged", "its content is not what its id says")
        return model_facts.decode(data)

    def save_report(self, report: Report) -> str:
        """Store a report; its content id."""
        data = msgspec.json.encode(report, order="deterministic")
        return self._save("o-" + hashlib.sha256(data).hexdigest()[:16], "report", data)

    def load_report(self, report: str) -> Report:
        """A report, read back."""
        return self._read(report, "report", Report)

    def save_explanation(self, explanation: Explanation) -> str:
        """Store an explanation; its content id."""
        data = msgspec.json.encode(explanation, order="deterministic")
        return self._save("x-" + hashlib.sha256(data).hexdigest()[:16], "explanation", data)

    def load_explanation(self, explanation: str) -> Explanation:
        """An explanation, read back."""
        return self._read(explanation, "explanation", Explanation)

    def save_plan(self, plan: Plan) -> None:
        """Store a plan under its hash."""
        with self.database.transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO plans (id, run, data) VALUES (?, ?, ?)",
                (plan.id, plan.run, msgspec.json.encode(plan, order="deterministic")),
            )
            connection.execute("UPDATE runs SET plan = ?, state = 'planned' WHERE id = ?", (plan.id, plan.run))

    def load_plan(self, run: str) -> Plan:
        """The plan of a run. Raises `UsageError` where it has none, `Refused` where it was edited."""
        row = self.database.connection.execute(
            "SELECT data, id FROM plans WHERE id = (SELECT plan FROM runs WHERE id = ?)", (run,)
        ).fetchone()
        if row is None:
            self.get(run)
            raise UsageError(f"run {run} has no plan", mend="auditor plan makes one")
        try:
            plan = msgspec.json.decode(row[0], type=Plan)
            whole = plan_hash(plan) == plan.id == row[1] and plan.run == run
        except msgspec.DecodeError:
            whole = False
        if not whole:
            edited = Refused(
                "edited",
                f"the plan of run {run} was edited after it was made",
                "its content is not what its hash says; nothing was executed",
                "plan again",
            )
            self.refuse(run, edited.code, str(edited))
            raise edited
        return plan

    def refuse(self, run: str, code: str, message: str) -> None:
        """Record that something was asked for and refused."""
        with self.database.transaction() as connection:
            connection.execute(
                "INSERT INTO refusals (run, at, code, message) VALUES (?, ?, ?, ?)", (run, now(), code, message)
            )

    def refusals(self, run: str) -> list[tuple[str, str, str]]:
        """What was refused in a run: time, code, message; oldest first."""
        return self.database.connection.execute(
            "SELECT at, code, message FROM refusals WHERE run = ? ORDER BY number", (run,)
        ).fetchall()

    def _save(self, content: str, kind: str, data: bytes) -> str:
        with self.database.transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO contents (id, kind, data) VALUES (?, ?, ?)",
                (content, kind, zlib.compress(data, 1)),
            )
        return content

    def _load(self, content: str, kind: str) -> bytes:
        row = self.database.connection.execute(
            "SELECT data FROM contents WHERE id = ? AND kind = ?", (content, kind)
        ).fetchone()
        if row is None:
            raise AuditorError(f"the store holds no {kind} {content}", f"the store is {self.database.path}")
        try:
            return zlib.decompress(row[0])
        except zlib.error as error:
            raise self._damaged(kind, content, error) from error

    def _read(self, content: str, kind: str, form: type[T]) -> T:
        """Stored JSON of a kind, read back."""
        try:
            return msgspec.json.decode(self._load(content, kind), type=form)
        except msgspec.DecodeError as error:
            raise self._damaged(kind, content, error) from error

    def _damaged(self, kind: str, content: str, error: Exception) -> AuditorError:
        return AuditorError(f"{kind} {content} in the store {self.database.path} is damaged", str(error), "audit again")
