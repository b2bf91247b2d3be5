"""What people see on a terminal of 80 columns: whole words, nothing cut, nothing folded letter by letter."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from auditor.commands.demo import RECORDING
from auditor.ledger.entry import NOTHING, Body, Entry
from auditor.render.ledger import print_entries
from auditor.render.report import print_report
from auditor.render.runs import print_runs
from tools.catalogue import discover
from tools.collect.kubernetes.recording import collect
from tools.collect.sources import Source, merge
from tools.collect.sources import collect as collect_source
from tools.engine import audit

SERVERS = Path(__file__).parent.parent / "evals" / "cases" / "aws" / "healthy-refreshed"


def drawn(width: int) -> Console:
    return Console(file=io.StringIO(), width=width, highlight=False, markup=False, emoji=False)


def lines(out: Console) -> list[str]:
    assert isinstance(out.file, io.StringIO)
    return [line.rstrip() for line in out.file.getvalue().splitlines()]


def run(number: int, **other: Any) -> dict[str, Any]:
    usual = {
        "id": f"r-{number:08x}",
        "at": "2026-11-24T15:44:49Z",
        "state": "executing",
        "violations": 1234,
        "inconclusive": 12,
        "waived": 3,
        "exit": 10,
        "refusals": 2,
        "plan": "p-0123456789abcdef",
        "outcome": "verified after 3 s: 2 of 2 instances are ready",
        "scopes": [{"id": "x", "name": "a-cluster-of-a-long-name.example.com"}],
        "source": "kubernetes:prod",
    }
    return {**usual, **other}


@pytest.mark.parametrize("width", [80, 100, 130, 200])
def test_runs(width: int) -> None:
    out = drawn(width)
    print_runs([run(1), run(2, plan="", outcome="", scopes=[])], out)
    seen = lines(out)
    assert max(map(len, seen)) <= width
    assert seen[0].split()[:8] == ["RUN", "when", "state", "viol.", "inconcl.", "waived", "exit", "refused"]
    rows = [line.split() for line in seen if line.startswith("r-")]
    assert [row[:8] for row in rows] == [
        ["r-00000001", "2026-11-24T15:44:49Z", "executing", "1234", "12", "3", "10", "2"],
        ["r-00000002", "2026-11-24T15:44:49Z", "executing", "1234", "12", "3", "10", "2"],
    ]
    words = " ".join(" ".join(seen).split())
    assert "kubernetes:prod" in words
    if width in (80, 100, 200):
        assert "a-cluster-of-a-long-name.example.com 01234567 verified after 3 s: 2 of 2 instances are ready" in words
    if width < 110:
        assert len(seen) == 6, "one line for each run, and what it was about below, of which the first needs two"


@pytest.mark.parametrize("width", [80, 120])
def test_coverage(width: int) -> None:
    out = drawn(width)
    both = merge([collect(RECORDING), collect_source(Source(path=str(SERVERS / "fleet")))])
    print_report(audit(both, "s-0", discover(), {}), out)
    (head,) = [line for line in lines(out) if line.startswith("COVERAGE")]
    assert "…" not in head
    assert head.split()[1:3] == (["pass", "viol."] if width == 80 else ["passed", "violations"])
    named = {line.split()[0] for line in lines(out) if line[:1].isalpha()}
    assert named >= {check.id for check in discover()}, "a check's name is cut"


def test_the_ledger_hangs_below_its_entry() -> None:
    out = drawn(80)
    about = {"run": "r-1", "code": "gone", "message": "there is no host by this name in what was read, or no more"}
    body = Body("refusal", "2026-11-24T15:44:49Z", about)
    print_entries([(Entry(7, b"", NOTHING, NOTHING, b""), body)], None, out)
    first, second = lines(out)
    assert first.split()[:3] == ["7", body.at, "refusal"]
    assert second.startswith(" " * first.index("r-1"))
    assert " ".join(f"{first} {second}".split()).endswith("by this name in what was read, or no more")
