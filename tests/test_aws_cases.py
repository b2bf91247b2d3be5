"""The labelled fleets of servers are what the scripts make, and hold what each was planted with."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals.load import FOLDER, load, read_labels
from evals.scorecard import ALL, run
from tests.aws_cases import known, write
from tests.aws_fleet import fleet
from tests.aws_planted import RECORDED, furnish, joined
from tests.aws_recorder import record
from tools.catalogue import discover
from tools.collect.aws.operations import OPERATIONS

CHECKS = discover()
HELD = FOLDER / "aws"


def test_each_case_is_made_by_a_script() -> None:
    assert {folder.name for folder in HELD.iterdir()} == set(known())


@pytest.mark.parametrize("name", ["healthy-refreshed", "command-by-person", "refresh-without-capacity"])
def test_made_again_a_case_says_the_same(name: str, tmp_path: Path) -> None:
    made = write(name, tmp_path / "aws")
    assert (made / "case.yaml").read_text() == (HELD / name / "case.yaml").read_text()  # with every instance's id
    assert {file.name for file in (made / "fleet").iterdir()} == {f.name for f in (HELD / name / "fleet").iterdir()}
    again, held = load(made, [check.id for check in CHECKS]), load(HELD / name, [check.id for check in CHECKS])
    assert [one.ref for one in again.facts.instances] == [one.ref for one in held.facts.instances]
    assert again.facts.moment == held.facts.moment


def test_no_healthy_one_is_accused_and_each_other_one_is() -> None:
    for folder in HELD.iterdir():
        assert bool(read_labels(folder).violations) != folder.name.startswith("healthy-"), folder.name
    card = run([folder for folder in HELD.iterdir() if folder.name.startswith("healthy-")], CHECKS)
    healthy = card.scores[ALL].healthy
    assert (healthy.left_alone, card.broken) == (healthy.cases, ())
    assert healthy.cases >= 3


def test_a_whole_fleet_is_recorded_as_it_is_asked(tmp_path: Path) -> None:
    with fleet() as made:
        planted = furnish(made)
        record(made, tmp_path / "fleet")
        recorded = {file.stem for file in (tmp_path / "fleet").iterdir()}
        assert recorded <= {operation.key for operation in OPERATIONS}
        assert recorded >= {operation.key for operation in OPERATIONS if not operation.each}
        assert len(made.members("images")) == 4
        assert made.told("search")["LaunchTemplate"]["Version"] == "$Latest"
        cluster = joined(tmp_path / "cluster", planted.node, planted.zone)
        assert f"aws:///{planted.zone}/{planted.node}" in (cluster / "nodes.json").read_text()
        assert (cluster / "pods.json").read_text() == (RECORDED / "pods.json").read_text()
