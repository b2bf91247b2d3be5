"""Runs, and what they refer to by hash: snapshots, reports, explanations, plans; and what was refused in them."""

from __future__ import annotations

import secrets
import sqlite3
from datetime import UTC, datetime

import msgspec

from auditor.ledger.record import record
from auditor.store import reports
from auditor.store.contents import Contents, digest
from auditor.store.database import Database
from auditor.store.reports import Summary
from auditor.store.snapshots import Packed, pack, unpack
from tools.errors import Refused, UsageError
from tools.model.explanation import Explanation
from tools.model.facts import Facts
from tools.model.plan import PLAN_VERSION, Plan, plan_hash
from tools.model.report import Report

_COLUMNS = "id, at, source, state, snapshot, report, plan, outcome"


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


class _Versioned(msgspec.Struct):
    version: int


def now() -> str:
    """The present moment, RFC 3339 UTC with seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Runs:
    """The runs of a store."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.contents = Contents(database)

    def begin(self, source: str, state: str = "begun", snapshot: str | None = None, report: str | None = None) -> str:
        """A new run; its id."""
        run = "r-" + secrets.token_hex(4)
        with self.database.transaction() as connection:
            connection.execute(
                "INSERT INTO runs (id, at, source, state, snapshot, report) VALUES (?, ?, ?, ?, ?, ?)",
                (run, now(), source, state, snapshot, report),
            )
            self._record(connection, run)
        return run

    def get(self, run: str) -> Run:
        """A run by its id. Raises `UsageError` where it never was."""
        with self.database.reading() as connection:
            row = connection.execute(f"SELECT {_COLUMNS} FROM runs WHERE id = ?", (run,)).fetchone()  # noqa: S608
        if row is None:
            raise UsageError(
                f"there is no run {run!r} in this store",
                f"the store is {self.database.path}",
                "auditor runs lists them",
            )
        return _run(row)

    def newest(self, limit: int = -1, reported: bool = False) -> list[Run]:
        """The newest runs first, at most so many (-1: all); `reported`: those alone that have a report."""
        where = "WHERE report IS NOT NULL" if reported else ""
        query = f"SELECT {_COLUMNS} FROM runs {where} ORDER BY rowid DESC LIMIT ?"  # noqa: S608 - names are ours
        with self.database.reading() as connection:
            return [_run(row) for row in connection.execute(query, (limit,))]

    def latest(self) -> Run:
        """The newest run that has a report. Raises `UsageError` where there is none."""
        found = self.newest(1, reported=True)
        if not found:
            raise UsageError(
                "nothing was audited yet", f"the store {self.database.path} holds no report", "auditor audit"
            )
        return found[0]

    def update(self, run: str, **fields: str) -> None:
        """Set `state`, `snapshot`, `report`, `plan` or `outcome` of a run."""
        assignments = ", ".join(f"{name} = ?" for name in fields)
        with self.database.transaction() as connection:
            connection.execute(f"UPDATE runs SET {assignments} WHERE id = ?", (*fields.values(), run))  # noqa: S608 - names are ours
            self._record(connection, run)

    def save_packed(self, packed: Packed) -> str:
        """Store packed facts; their id. What of them is stored already is not stored again."""
        self.contents.save(packed.contents)
        return packed.id

    def save_facts(self, facts: Facts) -> str:
        """Store a snapshot's facts, without heartbeats; their id."""
        return self.save_packed(pack(facts))

    def load_facts(self, snapshot: str) -> Facts:
        """The facts of a snapshot, read back and checked against their ids."""
        return unpack(snapshot, self.contents)

    def save_report(self, report: Report) -> str:
        """Store a report; its id. Parts that an earlier report had are not stored again."""
        name, contents = reports.split(report)
        self.contents.save(contents)
        return name

    def load_report(self, report: str) -> Report:
        """A report, read back and checked against its ids."""
        return reports.join(report, self.contents)

    def summary(self, report: str) -> Summary:
        """What a list of runs says of a report."""
        return reports.summary(report, self.contents)

    def save_explanation(self, explanation: Explanation) -> str:
        """Store an explanation; its content id."""
        data = msgspec.json.encode(explanation, order="deterministic")
        name = digest("x", data, 16)
        self.contents.save({name: ("explanation", data)})
        return name

    def load_explanation(self, explanation: str) -> Explanation:
        """An explanation, read back."""
        try:
            return msgspec.json.decode(self.contents.load(explanation, "explanation"), type=Explanation)
        except msgspec.DecodeError as error:
            raise self.contents.damaged("explanation", explanation, str(error)) from error

    def save_plan(self, plan: Plan) -> None:
        """Store a plan under its hash."""
        with self.database.transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO plans (id, run, data) VALUES (?, ?, ?)",
                (plan.id, plan.run, msgspec.json.encode(plan, order="deterministic")),
            )
            connection.execute("UPDATE runs SET plan = ?, state = 'planned' WHERE id = ?", (plan.id, plan.run))
            self._record(connection, plan.run)

    def load_plan(self, run: str) -> Plan:
        """The plan of a run. Raises `UsageError` where it has none, `Refused` (recorded) where it was edited."""
        try:
            return self.read_plan(run)
        except Refused as edited:
            self.refuse(run, edited.code, str(edited))
            raise

    def read_plan(self, run: str) -> Plan:
        """`load_plan`, to be looked at alone: nothing is recorded."""
        row = self.database.connection.execute(
            "SELECT data, id FROM plans WHERE id = (SELECT plan FROM runs WHERE id = ?)", (run,)
        ).fetchone()
        if row is None:
            self.get(run)
            raise UsageError(f"run {run} has no plan", mend="auditor plan makes one")
        try:
            written = msgspec.json.decode(row[0], type=_Versioned).version
            if written < PLAN_VERSION:
                raise Refused(
                    "older-plan",
                    f"the plan of run {run} was made by an earlier version of this program",
                    f"version {written}; this one carries out {PLAN_VERSION}",
                    "plan again",
                )
            plan = msgspec.json.decode(row[0], type=Plan)
            whole = plan_hash(plan) == plan.id == row[1] and plan.run == run
        except msgspec.DecodeError:
            whole = False
        if not whole:
            raise Refused(
                "edited",
                f"the plan of run {run} was edited after it was made",
                "its content is not what its hash says; nothing was executed",
                "plan again",
            )
        return plan

    def refuse(self, run: str, code: str, message: str) -> None:
        """Record that something was asked for and refused."""
        with self.database.transaction() as connection:
            number = connection.execute(
                "INSERT INTO refusals (run, at, code, message) VALUES (?, ?, ?, ?)", (run, now(), code, message)
            ).lastrowid
            record(self.database, "refusal", {"refusal": number, "run": run, "code": code, "message": message})

    def _record(self, connection: sqlite3.Connection, run: str) -> None:
        """Say in the ledger how a run stands now."""
        names = ("source", "state", "snapshot", "report", "plan", "outcome")
        row = connection.execute(f"SELECT {', '.join(names)} FROM runs WHERE id = ?", (run,)).fetchone()  # noqa: S608 - names are ours
        if row is not None:
            record(self.database, "run", {"run": run, **dict(zip(names, row, strict=True))})

    def refusals(self, run: str) -> list[tuple[str, str, str]]:
        """What was refused in a run: time, code, message; oldest first."""
        return self.database.connection.execute(
            "SELECT at, code, message FROM refusals WHERE run = ? ORDER BY number", (run,)
        ).fetchall()

    def refused(self) -> dict[str, int]:
        """How often something was refused, by run."""
        with self.database.reading() as connection:
            return dict(connection.execute("SELECT run, count(*) FROM refusals GROUP BY run"))


def _run(row: tuple[str, ...]) -> Run:
    return Run(**dict(zip(_COLUMNS.split(", "), row, strict=True)))
