"""The labelled cases themselves: the thresholds hold, and a check that sees nothing any more is noticed by them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from evals.__main__ import main
from evals.case import BrokenCase
from evals.load import folders, load, read_labels
from evals.scorecard import ALL, score, total
from evals.thresholds import load_thresholds, unmet
from tests.eval_case import PINNED, PLANTED, RUNS, planted_fleet, write_case
from tools.catalogue import discover
from tools.check import Violation
from tools.errors import UsageError

CHECKS = discover()
IDS = [check.id for check in CHECKS]


def nothing(subject: Any, view: Any) -> Iterator[Violation]:
    """An examination that finds nothing."""
    return iter(())


def labelled() -> dict[str, Path]:
    """By check, the first case in which it must accuse something. That every check has one, and that no case is
    broken, is for the thresholds to say."""
    found: dict[str, Path] = {}
    for folder in folders():
        with contextlib.suppress(BrokenCase):
            for unit in read_labels(folder).violations:
                found.setdefault(unit.check, folder)
    return found


def test_the_thresholds_are_reached(capsys: pytest.CaptureFixture[str]) -> None:
    code = main([])
    told = capsys.readouterr().out
    assert code == 0, told
    assert all(check in told for check in IDS)


def test_a_check_that_sees_nothing_is_noticed() -> None:
    for check, folder in labelled().items():
        case = load(folder, IDS)
        muted = [msgspec.structs.replace(c, examine=nothing) if c.id == check else c for c in CHECKS]
        card = total([score(case, muted)])
        assert card.scores[ALL].checks[check].recall == 0, check
        failures = list(unmet(card, load_thresholds(), IDS, whole=False))
        assert any(row.startswith(f"{check}: recall: 0, ") for row in failures), check


def test_one_case_as_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    write_case(tmp_path, PLANTED, planted_fleet())
    write_case(tmp_path, PLANTED, planted_fleet(), "another")
    monkeypatch.setattr("evals.__main__.FOLDER", tmp_path)
    main(["--json", "--case", "lab/one"])
    card = json.loads(capsys.readouterr().out)
    assert card["version"] == 1
    assert card["scores"][ALL]["cases"] == 1
    assert card["scores"][ALL]["checks"][RUNS]["recall"] == 1.0
    assert card["scores"][ALL]["tracing"]["accuracy"] == 1.0


def test_what_was_missed_is_said_with_its_case_and_what_was_found_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    more = {"check": PINNED, "subject": "Pod/default/web-1-x", "part": "app"}
    write_case(tmp_path, {**PLANTED, "violations": [*PLANTED["violations"], more]}, planted_fleet())
    write_case(tmp_path, {**PLANTED, "violations": [{**more, "check": "no-such"}]}, planted_fleet(), "broken")
    monkeypatch.setattr("evals.__main__.FOLDER", tmp_path)
    assert main([]) == 1
    told = " ".join(capsys.readouterr().out.split())
    assert f"lab/one {PINNED} Pod/default/web-1-x app → no finding (3 containers passed, to 0" in told
    assert "it accuses Pod/default/cache-1-x app" in told
    assert (
        "BROKEN CASES, in no score above 1 · lab/broken/case.yaml: violations[0]: there is no check 'no-such'" in told
    )
    assert f"· {PINNED}: recall: 0.5, at least 1" in told
    assert "failed 1 cases" in told


def test_a_case_that_is_not_there() -> None:
    with pytest.raises(UsageError, match="no case 'no-such'"):
        main(["--case", "no-such"])
