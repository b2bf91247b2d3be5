"""The loop over an embedded AWS: plan, approve, execute and resume, each as another principal."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from auditor.embedded_aws.principals import Principal
from tests.aws_fleet import Fleet
from tests.driver import command
from tests.driver.kill_at import Stop
from tests.driver.loop import POLICY
from tests.running import Said


class ServerLoop:
    """A home with a store in it, and three principals of the account: who reads, who approves, who acts."""

    def __init__(self, fleet: Fleet, home: Path) -> None:
        self.fleet, self.home = fleet, home
        self.reader = fleet.aws.role("auditor-reader", "audit")
        self.approver = fleet.aws.person("alice")
        self.actor = fleet.aws.role("auditor-actor", "execute")
        home.mkdir(parents=True, exist_ok=True)
        self.settings("")

    def settings(self, more: str) -> None:
        """Write the loop's auditor.toml anew, with this behind what every loop needs."""
        (self.home / "auditor.toml").write_text(f"{POLICY}\n[aws]\npaced = false\n{more}")

    def run(self, who: Principal, *words: str, stop: Stop | None = None) -> Said:
        """One command as a principal, to its end."""
        return command.run(self.home, *words, stop=stop, environment=self.fleet.aws.environment(who))

    def plan(self, *wanted: str) -> dict[str, Any]:
        """`auditor plan`, which must succeed; the plan as JSON."""
        said = self.run(self.reader, "plan", *wanted, "--source", "aws:", "--json")
        assert said.code == 0, said
        return said.report

    def approved(self, *wanted: str) -> dict[str, Any]:
        """A plan that alice has approved."""
        plan = self.plan(*wanted)
        said = self.run(self.approver, "approve", plan["run"], "--code", plan["id"].removeprefix("p-")[:8])
        assert said.code == 0, said
        return plan

    def execute(self, plan: dict[str, Any], stop: Stop | None = None) -> Said:
        """`auditor execute` to its end."""
        return self.run(self.actor, "execute", plan["run"], stop=stop)

    def resume(self, plan: dict[str, Any]) -> Said:
        """`auditor resume` to its end."""
        return self.run(self.actor, "resume", plan["run"])

    def refusals(self, plan: dict[str, Any]) -> list[str]:
        """The codes of what was refused in the plan's run."""
        with closing(sqlite3.connect(self.home / "store" / "store.db", timeout=30)) as connection:
            asked = "SELECT code FROM refusals WHERE run = ? ORDER BY number"
            return [row[0] for row in connection.execute(asked, (plan["run"],))]

    def finding(self, check: str, owner: str) -> dict[str, Any]:
        """The one violation of a check at an owner."""
        for _ in range(5):  # times are whole seconds: a rollout of this very second is still under way
            report = self.run(self.reader, "audit", "aws:", "--json").report
            found = [
                f
                for f in report["findings"]
                if f["check"] == check and f["owner"]["name"] == owner and f["verdict"] == "violation"
            ]
            if found:
                break
            time.sleep(1)
        assert len(found) == 1, [(f["check"], f["code"], f["owner"]["name"]) for f in report["findings"]]
        return dict(found[0])
