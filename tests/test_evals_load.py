"""Cases are loaded strictly: what could not count breaks the case, and the case fails the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evals.case import BrokenCase
from evals.load import folders, load, name_of
from evals.scorecard import ALL, run
from evals.thresholds import FILE, load_thresholds
from tests.eval_case import CHECKS, EDGES, HEALTHY, IDS, PINNED, PLANTED, RUNS, planted_fleet, write_case
from tests.objects import LATE, fleet, kube_system, node, pod, record
from tools.errors import UsageError


def label(check: str = PINNED, subject: str = "Pod/default/cache-1-x", part: str = "app") -> dict[str, str]:
    return {"check": check, "subject": subject, "part": part}


def path(instance: str = "Pod/default/web-1-x", container: str = "app", **edges: str) -> dict[str, Any]:
    return {"instance": instance, "container": container, "edges": {"artifact-release": "verified", **EDGES, **edges}}


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"violations": [label(check="image-pined-by-digest")]}, r"violations\[0\]: there is no check 'image-pined"),
        ({"inconclusive": [label(check="rolout")]}, r"inconclusive\[0\]: there is no check 'rolout'"),
        (
            {"violations": [label(), label(subject="Pod/default/nobody")]},
            r"violations\[1\]: nothing .* Pod/default/nob",
        ),
        ({"violations": [label(subject="pod/default/cache-1-x")]}, "is called pod/default"),
        ({"violations": [label(part="ap")]}, r"violations\[0\]: Pod/default/cache-1-x has no part 'ap'"),
        ({"violations": [label(), label()]}, "is labelled 2 times"),
        ({"violations": [label()], "inconclusive": [label()]}, "is labelled 2 times"),
        ({"violations": [{**label(), "why": "x"}]}, r"unknown field `why` .* `\$.violations\[0\]`"),
        ({"violation": []}, "unknown field `violation`"),
        ({"origin": "documentation"}, "its origin is 'documentation'"),
        ({"origin": "hearsay"}, "Invalid enum value 'hearsay'"),
        ({"paths": [path(instance="Pod/default/nobody")]}, r"paths\[0\]: Pod/default/nobody app is no running"),
        ({"paths": [path(container="ap")]}, r"paths\[0\]: Pod/default/web-1-x ap is no running"),
        ({"paths": [path(), path()]}, "the path of Pod/default/web-1-x app is labelled 2 times"),
        ({"paths": [{**path(), "edges": {}}]}, r"paths\[0\]: no edge is labelled"),
        ({"paths": [path(**{"artifact-relase": "verified"})]}, "unknown field `artifact-relase`"),
        ({"paths": [path(**{"instance-host": "proven"})]}, "Invalid enum value 'proven'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_label_that_could_not_count_breaks_its_case(changed: dict[str, Any], complaint: str, tmp_path: Path) -> None:
    folder = write_case(tmp_path, {**PLANTED, **changed}, planted_fleet())
    with pytest.raises(BrokenCase, match=complaint):
        load(folder, IDS)


@pytest.mark.parametrize("field", ["origin", "planted", "sources", "violations"])
def test_a_case_says_all_that_it_must(field: str, tmp_path: Path) -> None:
    labels = {key: value for key, value in PLANTED.items() if key != field}
    with pytest.raises(BrokenCase, match=f"missing required field `{field}`"):
        load(write_case(tmp_path, labels, planted_fleet()), IDS)


def test_a_key_that_stands_twice_silences_nothing(tmp_path: Path) -> None:
    folder = write_case(tmp_path, PLANTED, planted_fleet())
    file = folder / "case.yaml"
    file.write_text(file.read_text() + "violations: []\n")
    with pytest.raises(BrokenCase, match="'violations' stands there twice"):
        load(folder, IDS)


@pytest.mark.parametrize(
    ("file", "text", "complaint"),
    [
        ("befor/all.json", "{}", "nothing reads befor"),
        ("auditor.toml", "[checks.no-such]\nmost = 1\n", "there is no check 'no-such'"),
        ("auditor.toml", "sorce = 'x'\n", "auditor.toml is not valid"),
        ("case.yaml", "origin: [", "case.yaml can't be read"),
    ],
)
def test_a_file_that_is_not_read_breaks_its_case(file: str, text: str, complaint: str, tmp_path: Path) -> None:
    folder = write_case(tmp_path, PLANTED, planted_fleet())
    (folder / file).parent.mkdir(exist_ok=True)
    (folder / file).write_text(text)
    with pytest.raises(BrokenCase, match=complaint):
        load(folder, IDS)


def test_a_case_without_a_fleet_is_broken(tmp_path: Path) -> None:
    folder = write_case(tmp_path, PLANTED, planted_fleet())
    (folder / "fleet" / "all.json").unlink()
    with pytest.raises(BrokenCase, match="holds no recorded lists"):
        load(folder, IDS)


def test_an_origin_that_is_not_known_is_broken(tmp_path: Path) -> None:
    folder = write_case(tmp_path, PLANTED, planted_fleet()).rename(tmp_path / "other")
    with pytest.raises(BrokenCase, match="there is no origin"):
        load(folder, IDS)


def test_settings_of_where_it_is_run_do_not_leak_into_a_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "auditor.toml").write_text("[checks.no-such]\n")
    monkeypatch.chdir(tmp_path)
    assert load(write_case(tmp_path, PLANTED, planted_fleet()), IDS).settings == {}


def before(folder: Path, *objects: dict[str, Any]) -> None:
    (folder / "before").mkdir()
    record(folder / "before" / "all.json", *objects)


def test_an_earlier_recording_is_remembered(tmp_path: Path) -> None:
    later = pod("web-1-z", spec={"nodeName": "node-a"}, creationTimestamp=LATE)
    folder = write_case(tmp_path, HEALTHY, [*fleet(), later])
    before(folder, *fleet())
    case = load(folder, IDS)
    container = next(c for i in case.facts.instances if i.ref.name == "web-1-y" for c in i.containers)
    assert case.history.moment < case.facts.moment
    assert [past.value for past in case.view.past(container, "image:app")] == [container.image]


@pytest.mark.parametrize(
    ("objects", "complaint"),
    [
        ([kube_system("uid-of-another")], "lab/one: before/ and fleet/ are not recordings of one cluster"),
        ([kube_system(), node(creationTimestamp="2027-01-01T00:00:00Z")], "before/ is not earlier than fleet/"),
    ],
)
def test_an_earlier_recording_is_of_the_same_cluster_and_earlier(
    objects: list[dict[str, Any]], complaint: str, tmp_path: Path
) -> None:
    folder = write_case(tmp_path, HEALTHY, fleet())
    before(folder, *objects)
    with pytest.raises(BrokenCase, match=complaint):
        load(folder, IDS)


def test_a_broken_case_fails_the_run_and_the_others_are_scored(tmp_path: Path) -> None:
    write_case(tmp_path, PLANTED, planted_fleet(), "whole")
    write_case(tmp_path, {**PLANTED, "violations": [label(check="no-such")]}, planted_fleet(), "broken")
    assert [name_of(folder) for folder in folders(tmp_path)] == ["lab/broken", "lab/whole"]
    card = run(folders(tmp_path), CHECKS)
    assert not card.passed
    assert len(card.broken) == 1
    assert "lab/broken" in card.broken[0]
    assert card.scores[ALL].cases == 1
    assert card.scores[ALL].sum.recall == 1


def test_a_check_dropped_from_the_catalogue_breaks_its_cases(tmp_path: Path) -> None:
    write_case(tmp_path, PLANTED, planted_fleet())
    fewer = [check for check in CHECKS if check.id != RUNS]
    assert not run(folders(tmp_path), fewer).passed


def test_thresholds_are_read_strictly(tmp_path: Path) -> None:
    file = tmp_path / "thresholds.toml"
    file.write_text(FILE.read_text() + "\nrecal = 1.0\n")
    with pytest.raises(UsageError, match="recal"):
        load_thresholds(file)
