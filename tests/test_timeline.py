"""The timeline: what happened to a workload, in one order, each thing once, and what fits on a screen."""

from __future__ import annotations

import msgspec
import pytest

from auditor.commands.demo import RECORDING
from auditor.render.timeline import LINES, chosen
from tools.check import View
from tools.collect.sources import collect, parse_source
from tools.model.identity import Ref
from tools.model.timeline import Entry
from tools.model.workload import Workload
from tools.timeline import short, timeline_of


@pytest.fixture(scope="module")
def view() -> View:
    return View(collect(parse_source(str(RECORDING))))


def owner(view: View, name: str) -> Ref:
    return next(w.ref for w in view.seen(Workload) if w.ref.name == name)


def test_who_did_what_is_there_once_with_its_evidence(view: View) -> None:
    entries = timeline_of(owner(view, "desk"), view).entries
    entered = [entry for entry in entries if "ran a command in" in entry.what]
    assert [entry.who for entry in entered] == ["alice (person)"]
    assert entered[0].alarming
    assert entered[0].evidence
    assert len([entry for entry in entries if "scaled deployment" in entry.what]) == 1
    assert not [entry for entry in entries if entry.standing == "reported"], "the log has what managedFields claim"


def test_without_a_log_it_says_that_there_may_be_more(view: View) -> None:
    blind = View(msgspec.structs.replace(view.facts, changes=(), watches=(), gaps=()))
    told = timeline_of(owner(view, "desk"), blind)
    assert "no audit log" in told.unseen
    assert [entry.standing for entry in told.entries if entry.who] == ["reported"], "a claim is all that is left"


def test_it_is_in_the_order_of_time(view: View) -> None:
    for workload in view.seen(Workload):
        times = [entry.time[:19] for entry in timeline_of(workload.ref, view).entries]
        assert times == sorted(times)


def test_a_screen_holds_what_is_alarming_and_then_the_newest() -> None:
    ref = Ref("s", "Pod", "default", "x", "u")
    entries = tuple(Entry(time=f"t{n:03}", ref=ref, what="", alarming=n == 0) for n in range(100))
    shown = [entry.time for entry in chosen(entries)]
    assert len(shown) == LINES
    assert shown == ["t000", *(f"t{n:03}" for n in range(100 - LINES + 1, 100))]


def test_digests_are_shortened_and_nothing_else() -> None:
    assert short(f"a@sha256:{'a' * 64} b") == f"a@sha256:{'a' * 12}… b"
    assert short("sha256:abc") == "sha256:abc"
