"""The loop over an embedded AWS: plan, approve, execute and resume, each as another principal, over a store of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
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
        with _environment(self.fleet.aws.environment(who)):
            return command.run(self.home, *words, stop=stop)

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

    def finding(self, check: str, owner: str) -> dict[str, Any]:
        """The one violation of a check at an owner."""
        report = self.run(self.reader, "audit", "aws:", "--json").report
        found = [
            f
            for f in report["findings"]
            if f["check"] == check and f["owner"]["name"] == owner and f["verdict"] == "violation"
        ]
        assert len(found) == 1, [(f["check"], f["code"], f["owner"]["name"]) for f in report["findings"]]
        return dict(found[0])


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
