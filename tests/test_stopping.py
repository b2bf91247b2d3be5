"""What is shown while a plan of several steps is carried out, between them too, and what ctrl-C does there."""

from __future__ import annotations

import os
import signal
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from auditor import gate
from auditor.commands.execute import _said
from auditor.commands.stopping import bar, stopping
from auditor.store.journal import StoreJournal
from auditor.store.store import Store
from tests.planned import NODE, planned
from tools.errors import Refused
from tools.execute import carry_out as module
from tools.execute.carry_out import Standing, carry_out
from tools.execute.executor import Settled
from tools.execute.journal import FIRST
from tools.model.action import Action, Drain, Uncordon
from tools.model.plan import Plan, Preview, Step, short_code

NOWHERE: Any = defaultdict(lambda: SimpleNamespace(client=None))
"""What the steps are carried out in: nobody here looks at it."""


class Doing:
    """An executor that does nothing, and tells `did` when; it is settled at its second look."""

    repeatable, timeout = False, 60.0

    def __init__(self, did: list[str]) -> None:
        self.did, self.looks = did, 0

    def world(self, *_: Any) -> str:
        return "before"

    def rehearse(self, *_: Any) -> None:
        self.did.append("rehearse")

    def act(self, *_: Any) -> str:
        self.did.append("act")
        return "written"

    def settled(self, *_: Any) -> Settled:
        self.looks += 1
        return Settled(self.looks > 1, f"look {self.looks}")


class Journal:
    """A journal in memory."""

    def __init__(self) -> None:
        self.states: dict[int, Any] = {}

    def state(self, _plan: str, step: int) -> Any:
        return self.states.get(step)

    def intent(self, _plan: str, step: int, _detail: str) -> None:
        self.states[step] = "intent"

    def effect(self, _plan: str, step: int, _detail: str) -> None:
        self.states[step] = "effect"

    def done(self, _plan: str, step: int, _detail: str) -> None:
        self.states[step] = "done"

    def note(self, *_: Any) -> None:
        """Notes are not asked for."""

    def write_id(self, *_: Any) -> str:
        return "id"

    def hold(self) -> None:
        """The claim is not taken away."""


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    def step(action: Action) -> Step:
        return Step(action=action, bounds=(), preview=Preview(by="", diff=""), inverse=None)

    store = Store(str(tmp_path / "store.db"))
    made = planned(store)
    plan = planned(store, steps=(made.steps[0], step(Drain(NODE, ())), step(Uncordon(NODE))))
    store.database.connection.close()
    return plan


@pytest.fixture
def did(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the steps have done, in their order."""
    found: list[str] = []
    monkeypatch.setattr(module, "executor_for", lambda _: Doing(found))
    monkeypatch.setattr(module, "POLL", 0)
    return found


@pytest.mark.parametrize(
    ("step", "steps", "full"), [(1, 1, 0), (1, 2, 0), (2, 2, 10), (1, 3, 0), (2, 3, 6), (3, 3, 13), (21, 40, 10)]
)
def test_the_bar_is_as_full_as_steps_are_done(step: int, steps: int, full: int) -> None:
    told = bar(Standing(step, steps, "2 of 3 updated"))
    assert told == f"[{'█' * full}{'·' * (20 - full)}] step {step} of {steps}: 2 of 3 updated"


def test_each_step_is_shown_before_anything_of_it_is_done(plan: Plan, did: list[str]) -> None:
    """Between two steps the line says which one comes, and the bar has grown: the last one's end is not left there."""
    shown: list[tuple[str, int]] = []
    carry_out(plan, NOWHERE, Journal(), lambda now: shown.append((bar(now), len(did))))
    assert shown == [
        ("[····················] step 1 of 3: cordon Node/node-b", 0),
        ("[····················] step 1 of 3: look 1", 2),
        ("[····················] step 1 of 3: look 2", 2),
        ("[██████··············] step 2 of 3: drain Node/node-b", 2),
        ("[██████··············] step 2 of 3: look 1", 4),
        ("[██████··············] step 2 of 3: look 2", 4),
        ("[█████████████·······] step 3 of 3: uncordon Node/node-b", 4),
        ("[█████████████·······] step 3 of 3: look 1", 6),
        ("[█████████████·······] step 3 of 3: look 2", 6),
    ]


def test_ctrl_c_in_a_step_ends_it_and_says_where_the_plan_stands(plan: Plan, did: list[str]) -> None:
    journal = Journal()
    said: list[str] = []

    def progress(now: Standing) -> None:
        said.append(bar(now))
        if (now.step, now.detail) == (2, "look 1"):
            os.kill(os.getpid(), signal.SIGINT)

    with stopping(said.append) as stop, pytest.raises(Refused) as caught:
        carry_out(plan, NOWHERE, journal, progress, stop)
    assert caught.value.code == "stopped"
    assert caught.value.message == "it was stopped between two steps"
    assert caught.value.cause == "done: 1 cordon Node/node-b, 2 drain Node/node-b; not begun: 3 uncordon Node/node-b"
    assert f"auditor resume {plan.run} goes on" in caught.value.mend
    assert f"auditor plan --undo {plan.run} plans the way back" in caught.value.mend
    assert did == ["rehearse", "act"] * 2
    assert not any("step 3" in line for line in said)
    carry_out(plan, NOWHERE, journal, progress)
    assert did == ["rehearse", "act"] * 3, "a resume does what was left, and nothing twice"


def test_ctrl_c_in_the_last_step_changes_nothing(plan: Plan, did: list[str]) -> None:

    def progress(now: Standing) -> None:
        if now.detail.startswith("uncordon"):
            os.kill(os.getpid(), signal.SIGINT)

    with stopping(lambda _: None) as stop:
        ended = carry_out(plan, NOWHERE, Journal(), progress, stop)
        assert stop()
    assert ended == "look 2; look 2; look 2"
    assert len(did) == 6


def test_the_first_ctrl_c_is_answered_with_a_line_that_stays_and_the_second_stops_at_once(
    capfd: pytest.CaptureFixture[str],
) -> None:
    said: list[str] = []
    before = signal.getsignal(signal.SIGINT)
    with stopping(said.append) as stop:
        assert not stop()
        os.kill(os.getpid(), signal.SIGINT)
        assert stop()
        assert said == [""], "the line of progress was not taken away"
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    told = capfd.readouterr().err
    assert told == "stopping after this step; ctrl-C again stops at once, and auditor resume goes on\n"
    assert signal.getsignal(signal.SIGINT) is before


def test_what_is_stopped_at_once_says_where_it_stands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = Store(str(tmp_path / "store.db"))
    plan = planned(store)
    given = gate.approve(plan, "alice", short_code(plan), 30, store).id
    StoreJournal(store.database, store.claims.take(plan.run, "i", (given,))).intent(plan.id, FIRST, "cordon")
    with pytest.raises(KeyboardInterrupt), _said(plan, store):
        raise KeyboardInterrupt
    store.database.connection.close()
    told = capsys.readouterr().err
    assert "begun: 1 cordon Node/node-b" in told
    assert f"auditor resume {plan.run} goes on" in told
