"""The store as one thing: its database and the tables' own modules."""

from __future__ import annotations

from pathlib import Path

from auditor.store.approvals import Approvals
from auditor.store.claims import Claims
from auditor.store.database import Database, default_path
from auditor.store.journal import step_state
from auditor.store.runs import Runs
from tools.execute.journal import State


class Store:
    """Runs, approvals and claims of one database file; checkpoints lie beside it."""

    def __init__(self, path: str = "") -> None:
        self.database = Database(Path(path) if path else default_path())
        self.runs = Runs(self.database)
        self.approvals = Approvals(self.database)
        self.claims = Claims(self.database)

    def journal_state(self, plan: str, step: int) -> State | None:
        """How far a step of a plan came, whoever carried it out."""
        return step_state(self.database, plan, step)

    @property
    def checkpoints(self) -> Path:
        """Where the graph's own checkpoints are kept."""
        return self.database.path.with_suffix(".checkpoints.db")
