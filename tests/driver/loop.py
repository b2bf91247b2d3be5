"""The loop of one tester: plan, approve, execute, resume, each with its own credentials, over a store of its own.

What the store holds is read by SQL, not through the product.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.driver import command
from tests.driver.kill_at import Stop
from tests.lab.cluster import Lab
from tests.running import Said

POLICY = '[[policy.rules]]\nmode = "one-approver"\n'
"""What lets everything be carried out under one person's approval."""


class Loop:
    """A home directory with a store in it, and the lab's users as reader, approver and actor."""

    def __init__(self, lab: Lab, home: Path) -> None:
        self.lab = lab
        self.home = home
        self.reader = lab.kubeconfig("auditor-reader")
        self.approver = lab.kubeconfig("alice")
        self.actor = lab.kubeconfig("auditor-actor")
        home.mkdir(parents=True, exist_ok=True)
        self.settings(POLICY)

    def settings(self, text: str) -> None:
        """Write the loop's auditor.toml anew."""
        (self.home / "auditor.toml").write_text(text)

    def plan(self, *wanted: str) -> dict[str, Any]:
        """`auditor plan`, which must succeed; the plan as JSON."""
        said = command.run(self.home, "plan", *wanted, "--json", "--kubeconfig", self.reader)
        assert said.code == 0, said
        return said.report

    def approve(self, plan: dict[str, Any], *more: str) -> Said:
        """`auditor approve` with the plan's code."""
        code = plan["id"].removeprefix("p-")[:8]
        return command.run(self.home, "approve", plan["run"], "--code", code, "--kubeconfig", self.approver, *more)

    def approved(self, *wanted: str) -> dict[str, Any]:
        """A plan that has been approved."""
        plan = self.plan(*wanted)
        said = self.approve(plan)
        assert said.code == 0, said
        return plan

    def start(
        self, verb: str, plan: dict[str, Any], *more: str, stop: Stop | None = None, patience: float = 0
    ) -> command.Running:
        """Start `auditor execute` or `auditor resume` as the actor."""
        words = (verb, plan["run"], "--kubeconfig", self.actor, *more)
        return command.start(self.home, *words, stop=stop, patience=patience)

    def execute(self, plan: dict[str, Any], *more: str, stop: Stop | None = None) -> Said:
        """`auditor execute` to its end."""
        return self.start("execute", plan, *more, stop=stop).wait()

    def resume(self, plan: dict[str, Any], *more: str) -> Said:
        """`auditor resume` to its end."""
        return self.start("resume", plan, *more).wait()

    def sql(self, statement: str, *values: object) -> list[Any]:
        """Run a statement on the store; its rows."""
        with closing(sqlite3.connect(self.home / "store" / "store.db", timeout=30)) as connection, connection:
            return connection.execute(statement, values).fetchall()

    def refusals(self, plan: dict[str, Any]) -> list[str]:
        """The codes of what was refused in the plan's run."""
        return [row[0] for row in self.sql("SELECT code FROM refusals WHERE run = ? ORDER BY number", plan["run"])]

    def state(self, plan: dict[str, Any]) -> str:
        """The state of the plan's run."""
        return str(self.sql("SELECT state FROM runs WHERE id = ?", plan["run"])[0][0])

    def journal(self, plan: dict[str, Any]) -> list[str]:
        """The states that the plan's step went through, oldest first; notes left out."""
        rows = self.sql("SELECT state FROM journal_lines WHERE plan = ? ORDER BY number", plan["id"])
        return [row[0] for row in rows if row[0] != "note"]

    def approval(self, plan: dict[str, Any]) -> str:
        """The id of the newest approval of the plan's run."""
        rows = self.sql("SELECT id FROM approvals WHERE run = ? ORDER BY rowid DESC", plan["run"])
        return str(rows[0][0])
