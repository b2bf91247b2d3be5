"""`audit --since`, `runs` and `show`, as a person meets them."""

from __future__ import annotations

import copy
import sqlite3
from pathlib import Path
from typing import Any

import msgspec
import pytest

from auditor.commands.demo import RECORDING
from auditor.render.text import safe
from auditor.since import compare
from auditor.store.store import Store
from tests.objects import REPOSITORY, A, B, Object, fleet, pod, record
from tests.running import Said, auditor
from tools.catalogue import discover
from tools.collect.kubernetes.recording import collect
from tools.engine import audit
from tools.model.report import Finding, Report


@pytest.fixture(scope="module")
def report() -> Report:
    return audit(collect(RECORDING), "s-0", discover(), {})


def tagged(*names: str) -> list[Object]:
    """A fleet in which these pods name their image by tag."""
    return [*fleet(), *(pod(name, f"{REPOSITORY}:v1", f"{REPOSITORY}@{A}", owner="") for name in names)]


def since(home: Path, run: str, *objects: Object) -> Said:
    return auditor(home, "audit", record(home / "all.json", *objects), "--since", run, "--json")


def fingerprints(rows: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(row["check"], row["owner"]["name"]) for row in rows}


def test_what_is_new_and_what_is_gone(tmp_path: Path) -> None:
    first = since(tmp_path, "last", *tagged("a"))
    empty: dict[str, list[str]] = {name: [] for name in ("new", "gone", "changed", "waived", "unwaived")}
    assert first.report["since"] == {"run": None, "other_settings": False, **empty}
    second = since(tmp_path, "last", *tagged("b"))
    told = second.report["since"]
    assert ("image-pinned-by-digest", "b") in fingerprints(told["new"])
    assert ("image-pinned-by-digest", "a") in fingerprints(told["gone"])
    assert ("image-pinned-by-digest", "a") not in fingerprints(told["new"])
    assert second.code == first.code == 10
    back = since(tmp_path, told["run"], *tagged("a")).report["since"]
    assert (back["new"], back["gone"], back["changed"]) == ([], [], []), "against the first run, nothing is other"


def test_other_settings_are_said(tmp_path: Path) -> None:
    recording, settings = record(tmp_path / "all.json", *fleet()), tmp_path / "other.toml"
    settings.write_text('[checks.host-baseline.pools.default]\nkubelet_version = "v9"\n')
    auditor(tmp_path, "audit", recording)
    same = auditor(tmp_path, "audit", recording, "--since", "last")
    other = auditor(tmp_path, "audit", recording, "--config", settings, "--since", "last")
    assert "judged by other settings" in other.out
    assert "judged by other settings" not in same.out


def test_the_last_run_is_shown_by_that_name(tmp_path: Path) -> None:
    auditor(tmp_path, "audit", record(tmp_path / "all.json", *fleet()))
    number = auditor(tmp_path, "runs", "--json").report["runs"][0]["id"]
    assert auditor(tmp_path, "show", "last").out == auditor(tmp_path, "show", number).out


def test_without_it_the_report_is_as_it_was(tmp_path: Path) -> None:
    said = auditor(tmp_path, "audit", record(tmp_path / "all.json", *fleet()), "--json")
    assert "since" not in said.report


def test_the_same_recording_twice_says_the_same_byte_for_byte(tmp_path: Path) -> None:
    file = record(tmp_path / "all.json", *tagged("a"))
    assert auditor(tmp_path, "audit", file, "--json").out == auditor(tmp_path, "audit", file, "--json").out


def test_in_words(tmp_path: Path) -> None:
    since(tmp_path, "last", *tagged("a"))
    said = auditor(tmp_path, "audit", record(tmp_path / "all.json", *tagged("b")), "--since", "last")
    head = next(line for line in said.out.splitlines() if line.startswith("SINCE r-"))
    assert " new, " in head
    assert [line.split()[0] for line in said.out.partition(head)[2].splitlines() if "pinned" in line] == ["new", "gone"]


def test_a_run_of_another_scope(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    here = auditor(tmp_path, "audit", record(tmp_path / "all.json", *fleet()))
    assert here.code == 0
    run = auditor(tmp_path, "runs", "--json").report["runs"][0]["id"]
    other = copy.deepcopy(fleet())
    for thing in other:
        if thing["kind"] == "Namespace":
            thing["metadata"]["uid"] = "another-cluster"
    said = auditor(tmp_path, "audit", record(tmp_path / "other.json", *other), "--since", run)
    assert (said.code, said.out) == (2, "")
    assert said.first == f"   error: run {run} is of another scope"
    assert "another-cluster" in said.err
    assert len(auditor(tmp_path, "runs", "--json").report["runs"]) == 1, "and nothing was kept of it"
    assert (
        auditor(tmp_path, "audit", tmp_path / "other.json", "--since", "last", "--json").report["since"]["run"] is None
    )


@pytest.mark.parametrize("arguments", [("audit", "all.json", "--since"), ("show",)], ids=["since", "show"])
def test_a_run_that_never_was(arguments: tuple[str, ...], tmp_path: Path) -> None:
    record(tmp_path / "all.json", *fleet())
    said = auditor(tmp_path, *arguments, "r-never")
    assert (said.code, said.out) == (2, "")
    assert said.first == "   error: there is no run 'r-never' in this store"
    assert "auditor runs" in said.err


def test_a_run_without_a_report_is_nothing_to_compare_with(tmp_path: Path) -> None:
    file = record(tmp_path / "all.json", *fleet())
    store = Store(str(tmp_path / "store" / "store.db"))
    run = store.runs.begin("all.json")
    store.database.connection.close()
    said = auditor(tmp_path, "audit", file, "--since", run)
    assert said.code == 2
    assert "has no report to compare with" in said.first


def other(finding: Finding, how: str) -> Finding:
    """A finding that is other than it was in one way; or only seems so."""
    first = finding.evidence[0]
    made: dict[str, dict[str, Any]] = {
        "verdict": {"verdict": "inconclusive"},
        "severity": {"severity": "low" if finding.severity != "low" else "high"},
        "subjects": {"subjects": (msgspec.structs.replace(finding.subjects[0], uid="another"),)},
        "evidence": {"evidence": (msgspec.structs.replace(first, value="another"), *finding.evidence[1:])},
        "": {"evidence": (msgspec.structs.replace(first, id="e-0", version="9"), *finding.evidence[1:])},
    }
    return msgspec.structs.replace(finding, **made[how])


@pytest.mark.parametrize("how", ["verdict", "severity", "subjects", "evidence", ""])
def test_what_counts_as_changed(how: str, report: Report) -> None:
    """Each way alone; another resourceVersion is none."""
    old = next(f for f in report.findings if f.evidence)
    changed = msgspec.structs.replace(report, findings=tuple(other(f, how) if f is old else f for f in report.findings))
    told = compare("r-1", report, changed)
    assert (told.new, told.gone) == ((), ())
    assert [one.what for one in told.changed] == ([(how,)] if how else [])
    assert [one.finding.fingerprint for one in told.changed] == ([old.fingerprint] if how else [])


def test_a_report_against_itself_and_against_none(report: Report) -> None:
    none = msgspec.structs.replace(report, findings=())
    assert compare("r-1", report, report).changed == ()
    assert compare("r-1", none, report).new == report.findings
    assert compare("r-1", report, none).gone == report.findings


def planned(home: Path) -> str:
    """A run on the demonstration's recording with a plan, an approval that was refused, and an approval in the store;
    its id."""
    assert auditor(home, "plan", "--source", RECORDING).code == 0
    run = str(auditor(home, "runs", "--json").report["runs"][0]["id"])
    assert auditor(home, "approve", run, "--code", "00000000").code == 1
    return run


def test_runs_newest_first(tmp_path: Path) -> None:
    assert "nothing was run yet" in auditor(tmp_path, "runs").out
    auditor(tmp_path, "audit", record(tmp_path / "all.json", *fleet()))
    run = planned(tmp_path)
    rows = auditor(tmp_path, "runs", "--json").report["runs"]
    assert [row["state"] for row in rows] == ["planned", "audited"]
    assert (rows[0]["id"], rows[0]["refusals"], rows[0]["exit"]) == (run, 1, 10)
    assert rows[0]["plan"].startswith("p-")
    assert rows[1]["exit"] == 0
    assert len(auditor(tmp_path, "runs", "--limit", "1", "--json").report["runs"]) == 1
    table = auditor(tmp_path, "runs").out.splitlines()
    assert [line.split()[0] for line in table] == ["RUN", run, rows[1]["id"]]


def test_show_tells_the_whole_run(tmp_path: Path) -> None:
    run = planned(tmp_path)
    told = auditor(tmp_path, "show", run, "--json").report
    assert told["run"]["id"] == run
    assert told["report"]["findings"]
    assert told["plan"]["run"] == run
    assert [row["code"] for row in told["refusals"]] == ["recorded"]
    assert (told["approvals"], told["journal"], told["plan_error"]) == ([], [], "")
    words = auditor(tmp_path, "show", run)
    assert words.code == 0
    for part in (f"run {run}", "VIOLATIONS", "COVERAGE", told["plan"]["id"], "REFUSED", "recorded: "):
        assert part in words.out, part
    assert "e-" in auditor(tmp_path, "show", run, "-e").out
    assert len(auditor(tmp_path, "show", run, "--json").report["refusals"]) == 1, "looking records nothing"


def write(home: Path, statement: str, *values: object) -> None:
    with sqlite3.connect(home / "store" / "store.db") as connection:
        connection.execute(statement, values)
    connection.close()


def test_show_tells_an_edited_plan_and_records_nothing(tmp_path: Path) -> None:
    run = planned(tmp_path)
    write(tmp_path, "UPDATE plans SET data = x'7b7d'")
    said = auditor(tmp_path, "show", run)
    assert said.code == 0
    assert "was edited after it was made" in said.out
    told = auditor(tmp_path, "show", run, "--json").report
    assert told["plan"] is None
    assert "was edited" in told["plan_error"]
    assert len(told["refusals"]) == 1


def test_show_tells_approvals_and_the_journal(tmp_path: Path) -> None:
    run = planned(tmp_path)
    plan = auditor(tmp_path, "show", run, "--json").report["plan"]["id"]
    given = {"id": "a-1", "run": run, "plan": plan, "approver": "alice", "how": "asked", "given": "1", "expires": "2"}
    data = msgspec.json.encode({**given, "bounds": []})
    write(tmp_path, "INSERT INTO approvals VALUES ('a-1', ?, ?, ?, 'T3')", run, plan, data)
    write(tmp_path, "INSERT INTO approvals VALUES ('a-2', ?, ?, x'ff', NULL)", run, plan)
    write(tmp_path, "INSERT INTO journal_lines VALUES (1, ?, 0, 'T4', 'intent', 'wrote \x1b[2J')", plan)
    told = auditor(tmp_path, "show", run, "--json").report
    assert [(row["id"], row["used"]) for row in told["approvals"]] == [("a-1", "T3"), ("a-2", None)]
    assert told["approvals"][1]["approval"] is None
    assert told["journal"] == [{"step": 0, "at": "T4", "state": "intent", "detail": "wrote \x1b[2J"}]
    words = auditor(tmp_path, "show", run).out
    assert "alice (asked), 1 to 2, used T3" in words
    assert "a-2 can't be read" in words
    assert safe("wrote \x1b[2J") in words
    assert "\x1b" not in words


def test_hostile_names_reach_no_terminal(tmp_path: Path) -> None:
    hostile = "web\x1b[2J\u202e"
    objects = [*fleet(), pod(hostile, f"{REPOSITORY}:v1", f"{REPOSITORY}@{B}", owner="")]
    auditor(tmp_path, "audit", record(tmp_path / "all.json", *fleet()))
    said = auditor(tmp_path, "audit", record(tmp_path / "all.json", *objects), "--since", "last")
    assert "SINCE" in said.out
    run = auditor(tmp_path, "runs", "--json").report["runs"][0]["id"]
    for out in (said.out, auditor(tmp_path, "runs").out, auditor(tmp_path, "show", run, "-e").out):
        assert not set(out) & set("\x1b\u202e")
    assert safe(hostile) in said.out


def test_a_name_that_may_be_two_clusters_is_said(tmp_path: Path) -> None:
    """Two recordings without kube-system, one after the other under one name, with nothing in common."""

    def anonymous(prefix: str, born: str) -> list[Object]:
        found = [copy.deepcopy(thing) for thing in fleet() if thing["kind"] != "Namespace"]
        for thing in found:
            thing["metadata"]["uid"] = prefix + thing["metadata"]["uid"]
            thing["metadata"]["creationTimestamp"] = born
        return found

    first = auditor(tmp_path, "audit", record(tmp_path / "all.json", *anonymous("a", "2026-11-01T10:00:00Z")))
    assert "warning" not in first.err
    again = auditor(tmp_path, "audit", tmp_path / "all.json")
    assert "warning" not in again.err
    second = auditor(tmp_path, "audit", record(tmp_path / "all.json", *anonymous("b", "2026-11-03T10:00:00Z")))
    assert "two clusters may go by this name" in second.err
    assert second.code == first.code
