"""Where something is carried out, a waiver proves nothing: verification and the policy's stops see what it accepts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from auditor import verification
from auditor.commands.demo import RECORDING
from auditor.graph import begin, open_graph, waiting
from auditor.policy.looked import DRIFT, looked
from auditor.settings import Settings
from auditor.stages import Acting, RunState, Stages
from auditor.store.store import Store
from auditor.waivers.settings import WaiverSettings
from tools.catalogue import discover
from tools.collect.kubernetes.recording import collect
from tools.collect.sources import Source
from tools.model.facts import Facts

SETTINGS = {"host-baseline": {"pools": {"default": {"kubelet_version": "v1.36.3"}}}}
FAILED = "f-3c0786fc2cd2"
"""The demonstration's rollout that never became healthy, which has a remedy."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(str(tmp_path / "store.db"))
    yield store
    store.database.connection.close()


def waiving(*checks: str) -> Settings:
    """Settings that waive all that these checks find."""
    end = datetime(2999, 1, 1, tzinfo=UTC)
    waivers = [WaiverSettings(check=one, subject="*", owner="Bob", reason="so", expires=end) for one in checks]
    return Settings(waivers=waivers)


def planned(store: Store, configured: Settings) -> RunState:
    """A run on the demonstration's recording, up to its gate."""
    run = store.runs.begin(str(RECORDING))
    state: RunState = {"run": run, "source": msgspec.to_builtins(Source(path=str(RECORDING))), "finding": FAILED}
    with open_graph(Stages(store, SETTINGS, configured=configured)) as graph:
        begin(graph, state)
    return state


class Recorded:
    """A place in which the recording is what is seen at every look; nothing can be done there."""

    name, client, asked = "the recording", None, ""

    def scope(self) -> str:
        raise NotImplementedError

    def user(self) -> str:
        raise NotImplementedError

    def collect(self) -> Facts:
        return collect(RECORDING)


def test_a_remedy_is_not_verified_by_a_waiver(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was mended, and since the plan was made somebody has waived everything: it is still found."""
    state = planned(store, Settings())
    with open_graph(Stages(store, SETTINGS)) as graph:
        claim = store.claims.take(state["run"], waiting(graph, state["run"]), ("a-1",))
    monkeypatch.setattr(verification, "PATIENCE", 0)
    everything = waiving(*(check.id for check in discover()))
    scope = store.runs.load_plan(state["run"]).scope
    acting = Acting(places={scope: Recorded()}, users={scope: "acting"}, claim=claim, progress=lambda _: None)
    ended = Stages(store, SETTINGS, acting=acting, configured=everything).verify(state)
    assert ended["verified"] is False
    assert "still found: its release never became healthy by its deadline" in ended["outcome"]


def test_a_waived_drift_still_counts_for_a_stop(store: Store) -> None:
    """Hosts that drift alike stop everything, whether or not somebody accepts the drift."""
    state = planned(store, waiving("host-baseline"))
    report = store.runs.load_report(store.runs.get(state["run"]).report or "")
    assert [one.finding.check for one in report.waived] == ["host-baseline"]
    _, seen = looked(report, collect(RECORDING), report.scopes[0].id)
    assert [(one.stop, one.size) for one in seen if one.stop == DRIFT] == [(DRIFT, 1)]
