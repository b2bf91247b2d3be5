"""The store as one thing: its database and the tables' own modules."""

from __future__ import annotations

from pathlib import Path

from auditor.store.approvals import Approvals
from auditor.store.claims import Claims
from auditor.store.database import Database, default_path
from auditor.store.history import load_history
from auditor.store.journal import step_state
from auditor.store.looks import remember, wholly_different
from auditor.store.reports import split
from auditor.store.runs import Runs
from auditor.store.snapshots import Packed
from auditor.store.stops import Stops
from tools.execute.journal import State
from tools.model.facts import Facts
from tools.model.history import History, observations
from tools.model.identity import Scope
from tools.model.report import Report


class Store:
    """Runs, approvals and claims of one database file; checkpoints lie beside it."""

    def __init__(self, path: str = "") -> None:
        self.database = Database(Path(path) if path else default_path())
        self.runs = Runs(self.database)
        self.approvals = Approvals(self.database)
        self.claims = Claims(self.database)
        self.stops = Stops(self.database)

    def keep_audit(self, source: str, packed: Packed, report: Report) -> str:
        """Keep a whole audit in one transaction: its run, snapshot, report, and what it leaves to be remembered. The
        run's id."""
        name, parts = split(report)
        rows = self.runs.contents.pressed({**packed.contents, **parts})
        with self.database.transaction() as connection:
            run = self.runs.begin(source, "audited", snapshot=packed.id, report=name)
            self.runs.contents.write(rows)
            remember(connection, run, packed.facts)
        return run

    def keep_look(self, run: str, packed: Packed) -> None:
        """Keep what a run looked at, and remember it, in one transaction."""
        rows = self.runs.contents.pressed(packed.contents)
        with self.database.transaction() as connection:
            self.runs.contents.write(rows)
            self.runs.update(run, snapshot=packed.id)
            remember(connection, run, packed.facts)

    def history(self, facts: Facts) -> History:
        """What was known of these scopes before the facts' moment."""
        return load_history(self.database, facts)

    def strangers(self, facts: Facts) -> list[Scope]:
        """The scopes without an identity of their own that held none of these objects when they were last looked at:
        two clusters may go by one name."""
        seen = list(observations(facts)) if any(not scope.stable for scope in facts.scopes) else []
        with self.database.reading() as connection:
            return [s for s in facts.scopes if not s.stable and wholly_different(connection, s.id, seen)]

    def is_late(self, run: str, scope: str) -> bool:
        """Whether a run's look at a scope is no newer than another that was kept before it."""
        query = (
            "SELECT 1 FROM looks l JOIN scopes s ON s.number = l.scope WHERE l.run = ? AND s.id = ? AND NOT l.late"
            " LIMIT 1"
        )
        with self.database.reading() as connection:
            row = connection.execute(query, (run, scope)).fetchone()
        return row is None

    def journal_state(self, plan: str, step: int) -> State | None:
        """How far a step of a plan came, whoever carried it out."""
        return step_state(self.database, plan, step)

    @property
    def checkpoints(self) -> Path:
        """Where the graph's own checkpoints are kept."""
        return self.database.path.with_suffix(".checkpoints.db")
