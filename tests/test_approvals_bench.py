"""The figure of the gate, in small: no bad approval is let through, every good one is, and a lax gate is found out."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor import gate
from auditor.signing import sshsig
from bench.approvals import BAD, GOOD, attempt


def test_none_of_150_bad_approvals_is_let_through(tmp_path: Path) -> None:
    tallies = attempt(BAD, 150, 7, tmp_path)
    assert len(tallies) == len(BAD)
    assert {told: tally.accepted for told, tally in tallies.items()} == dict.fromkeys(tallies, 0)


def test_every_good_one_is_let_through(tmp_path: Path) -> None:
    tallies = attempt(GOOD, 20, 7, tmp_path)
    assert len(tallies) == len(GOOD)
    assert all(tally.accepted == tally.tried for tally in tallies.values()), tallies


def test_a_gate_that_takes_any_signature_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sshsig, "verify", lambda *_: True)
    accepted = {told for told, tally in attempt(BAD, 150, 7, tmp_path).items() if tally.accepted}
    assert {"A field of the statement edited", "Signed in another namespace"} & accepted


def test_a_gate_that_counts_nobody_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "_person", lambda approval, *_: approval.id)
    accepted = {told for told, tally in attempt(BAD, 150, 7, tmp_path).items() if tally.accepted}
    assert accepted == {
        "One person twice, where two are needed",
        "The proposer as one of two",
        "An approver whom the policy does not name",
    }
