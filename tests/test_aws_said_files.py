"""Files that say something of images, as they are named: envelopes, manifests, and what is neither."""

import json
from pathlib import Path

import pytest

from tests.test_aws_said import ACCOUNT, AMI, OTHER, REGION, manifest, signed
from tools.collect.aws import statements
from tools.collect.aws.answers import Answers
from tools.collect.aws.gaps import of_failures
from tools.collect.aws.reads_said import ENVELOPES, PACKER


def added(*named: Path) -> Answers:
    answers = Answers(ACCOUNT, REGION)
    statements.add(answers, map(str, named))
    return answers


def test_a_folder_is_looked_through(tmp_path: Path) -> None:
    inner = tmp_path / "2026"
    inner.mkdir()
    (inner / "one.intoto.json").write_text(json.dumps(signed(AMI)))
    lines = [json.dumps(signed(AMI)), "", json.dumps(signed(OTHER))]
    (inner / "more.intoto.jsonl").write_text("\n".join(lines))
    builds = {"builds": [manifest(f"{REGION}:{AMI}")], "last_run_uuid": "run-1"}
    (tmp_path / "packer-manifest.json").write_text(json.dumps(builds))
    (tmp_path / "README.md").write_text("what these are")
    answers = added(tmp_path)
    assert (len(answers.of(ENVELOPES)), len(answers.of(PACKER)), answers.failures) == (3, 1, [])


BROKEN = {
    "cut.intoto.json": json.dumps(signed(AMI))[:-9],
    "list.intoto.json": "[]",
    "text.intoto.json": '{"payload": 1, "payloadType": "x"}',
    "notes.txt": "what these are",
    "other.json": "{}",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_named_file_that_says_nothing_is_a_gap_with_its_name(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text(BROKEN[name])
    good = tmp_path / "good.intoto.json"
    good.write_text(json.dumps(signed(AMI)))
    answers = added(file, good)
    assert len(answers.of(ENVELOPES)) == 1
    (gap,) = of_failures(answers)
    assert (gap.noun, gap.kind, gap.code, gap.required) == ("Attestation", "signature", "broken", False)
    assert name in gap.reason


def test_a_file_that_is_not_there_is_a_gap(tmp_path: Path) -> None:
    (gap,) = of_failures(added(tmp_path / "gone.intoto.json"))
    assert "gone.intoto.json" in gap.reason
