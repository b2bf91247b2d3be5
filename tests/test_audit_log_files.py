"""Logs as they come: rotated, compressed, cut off, doubled, out of order, of another cluster, from the future."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.audit_events import (
    CI,
    CONTROLLER,
    POD,
    READ,
    WEB,
    event,
    exec_,
    facts,
    image,
    web,
    write,
)
from tools.collect.actors import Actors
from tools.collect.kubernetes.auditlog import lines, records
from tools.collect.kubernetes.auditlog.attach import attach
from tools.errors import SourceError, UsageError
from tools.model.facts import Facts

HOUR = [
    event("create", "deployments", "web", at="10:00:00.000000", user="ci-bot", request=web(), response=web()),
    exec_(at="10:20:00.000000", stage="ResponseStarted"),
    exec_(at="10:20:00.000000"),
    event("patch", "deployments", "web", at="10:40:00.000000", request=image("b"), response=web("b", generation=2)),
    event("patch", "deployments", "web", at="10:41:00.000000", request=image("c"), response=web("c", generation=3)),
    event("patch", "deployments", "web", at="10:42:00.000000", request=image("b"), response=web("b", generation=4)),
    event("patch", "deployments", "web", at="10:43:00.000000", request=image("c"), response=web("c", generation=5)),
    exec_(at="11:30:00.000000"),
]


def joined(*files: Path, of: Facts | None = None, **more: Any) -> Facts:
    return attach(of or facts(), list(files), None, CI, **more)


def codes(found: Facts) -> set[str]:
    return {gap.code for gap in found.gaps if gap.noun == "Change"}


def broken(found: Facts) -> list[str]:
    return [watch.broken for watch in found.watches]


def test_a_whole_log_has_no_gap_and_one_watch(tmp_path: Path) -> None:
    found = joined(write(tmp_path / "audit.log", HOUR))
    (watch,) = found.watches
    assert (watch.since, watch.until) == ("2026-11-23T10:00:00Z", "2026-11-23T11:30:00Z")
    assert (watch.policy, watch.broken, codes(found)) == ("", "", set())
    assert sorted(change.count for change in found.changes) == [1, 1, 1, 2, 2]  # two execs, twice from b to c


def test_rotated_files_in_any_order_are_one_log(tmp_path: Path) -> None:
    whole = joined(write(tmp_path / "whole.log", HOUR))
    folder = tmp_path / "rotated"
    folder.mkdir()
    (folder / "audit-2026-11-23T10-40-30.000.log.gz").write_bytes(
        gzip.compress(write(tmp_path / "first", HOUR[:4]).read_bytes())
    )
    write(folder / "audit-2026-11-23T10-42-30.000.log", HOUR[4:6])
    write(folder / "audit.log", HOUR[6:])
    (folder / "notes.txt").write_text("not a log")
    for files in ([folder], sorted(folder.iterdir())[:3], sorted(folder.iterdir(), reverse=True)[-3:]):
        found = joined(*files)
        assert found.changes == whole.changes
        assert [(w.since, w.until) for w in found.watches] == [(w.since, w.until) for w in whole.watches]


def test_a_file_that_is_missing_between_two_is_a_hole(tmp_path: Path) -> None:
    found = joined(write(tmp_path / "a.log", HOUR[:1]), write(tmp_path / "b.log", HOUR[-1:]))
    assert len(found.watches) == 2
    assert "log-hole" in codes(found)
    declared = joined(
        tmp_path / "a.log", tmp_path / "b.log", since="2026-11-23T09:00:00Z", until="2026-11-23T11:45:00Z"
    )
    assert [(w.since, w.until) for w in declared.watches] == [("2026-11-23T09:00:00Z", "2026-11-23T11:45:00Z")]


@pytest.mark.parametrize("cut", [1, 40, 400])
def test_a_cut_off_end_is_said_and_nothing_is_built_on_it(tmp_path: Path, cut: int) -> None:
    file = write(tmp_path / "audit.log", HOUR)
    file.write_bytes(file.read_bytes()[: -cut - 1])
    found = joined(file)
    assert "truncated" in codes(found)
    assert "audit.log:8" in broken(found)[0]


def test_a_compressed_file_cut_off_is_truncated(tmp_path: Path) -> None:
    file = tmp_path / "audit.log.gz"
    file.write_bytes(gzip.compress(write(tmp_path / "plain", HOUR * 50).read_bytes())[:-20])
    found = joined(file)
    assert "truncated" in codes(found)
    assert broken(found)[0]


def test_a_broken_line_costs_itself(tmp_path: Path) -> None:
    file = write(tmp_path / "audit.log", HOUR)
    file.write_bytes(b'{"kind":"Event",,\n' + file.read_bytes() + b"I1123 klog text\n\r\n\n")
    found = joined(file)
    assert codes(found) == {"broken"}
    assert "audit.log:1" in broken(found)[0]
    assert len(found.changes) == 5


def test_lines_that_are_no_audit_events(tmp_path: Path) -> None:
    file = write(tmp_path / "audit.log", [*HOUR, {"kind": "Event", "apiVersion": "v1", "reason": "Killing"}])
    assert codes(joined(file)) == {"not-audit"}


def test_an_event_without_user_is_kept_and_said(tmp_path: Path) -> None:
    found = joined(write(tmp_path / "audit.log", [exec_() | {"user": {}}]))
    assert codes(found) == {"no-user"}
    assert (found.changes[0].actor.name, found.changes[0].actor.kind) == ("", "unknown")


def test_events_from_the_future_are_left_out(tmp_path: Path) -> None:
    """A recording's moment moves with the log for an hour, and no further; a live cluster's does not."""
    file = write(tmp_path / "audit.log", [*HOUR, exec_(at="12:30:00.500000"), exec_(at="13:00:01.000000")])
    found = joined(file)
    assert codes(found) == {"later-than-snapshot"}
    assert (found.moment, found.watches[0].until) == ("2026-11-23T12:30:01Z", "2026-11-23T12:30:00Z")
    assert sum(change.count for change in found.changes if change.act == "exec") == 3
    live = joined(file, of=facts(recorded=False))
    assert (live.moment, live.watches[0].until) == (READ, "2026-11-23T11:30:00Z")
    assert sum(change.count for change in live.changes if change.act == "exec") == 2


def test_another_clusters_log_is_not_used(tmp_path: Path) -> None:
    """Its names are ours and its uids are not, while ours were there."""
    theirs = web("evil", generation=7) | {"metadata": {"name": "web", "uid": "theirs", "generation": 7}}
    file = write(tmp_path / "audit.log", [event("update", "deployments", "web", response=theirs), exec_()])
    found = joined(file)
    assert (found.changes, found.watches, found.moment) == ((), (), READ)
    assert codes(found) == {"other-cluster"}
    ours = write(tmp_path / "ours.log", HOUR)
    both = joined(file, ours)
    assert both.changes == joined(ours).changes
    assert "other-cluster" in codes(both)


def test_an_object_of_that_name_from_before_is_no_other_cluster(tmp_path: Path) -> None:
    gone = event("delete", "deployments", "web", at="09:59:00.000000", uid="before")
    assert codes(joined(write(tmp_path / "audit.log", [gone, *HOUR]))) == set()


def test_a_log_that_names_nothing_of_ours_proves_nothing(tmp_path: Path) -> None:
    found = joined(write(tmp_path / "audit.log", [exec_(name="other")]))
    assert (found.changes, found.watches, codes(found)) == ((), (), {"nothing-matches"})
    empty = tmp_path / "empty.log"
    empty.touch()
    assert codes(joined(empty)) == {"nothing-matches"}


def test_heartbeats_show_whose_log_it_is(tmp_path: Path) -> None:
    beat = event("update", "leases", "node-a", namespace="kube-node-lease", user="system:node:node-a")
    assert len(joined(write(tmp_path / "audit.log", [beat])).watches) == 1


def test_an_event_list_is_a_log_too(tmp_path: Path) -> None:
    items = [{k: v for k, v in one.items() if k not in ("kind", "apiVersion")} for one in HOUR]
    file = tmp_path / "events.json"
    file.write_text(json.dumps({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": items}, indent=1))
    assert lines.kind_of(file) == "document"
    assert joined(file).changes == joined(write(tmp_path / "audit.log", HOUR)).changes
    one = tmp_path / "one.json"
    one.write_text(json.dumps(exec_(), indent=2))
    assert len(joined(one).changes) == 1


def test_a_line_without_end_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST", 1 << 21)
    file = write(tmp_path / "audit.log", HOUR)
    file.write_bytes(b'{"kind":"Event","x":"' + b"x" * (5 << 20) + b'"}\n' + file.read_bytes())
    found = joined(file)
    assert codes(found) == {"broken"}
    assert "too long" in broken(found)[0]
    assert len(found.changes) == 5


def test_what_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="does not exist"):
        joined(tmp_path / "none.log")
    with pytest.raises(SourceError, match="holds no audit log"):
        joined(tmp_path)
    with pytest.raises(UsageError, match="since is no time"):
        joined(tmp_path, since="yesterday")


def test_the_gap_that_no_log_was_given_goes(tmp_path: Path) -> None:
    none = msgspec.structs.replace(facts(), gaps=(_not_given(),))
    assert codes(joined(write(tmp_path / "audit.log", HOUR), of=none)) == set()


def _not_given() -> Any:
    from tools.model.observation import Gap

    return Gap(scope="cluster", noun="Change", code="not-given", reason="no audit log was given", required=False)


def same(a: Facts, b: Facts) -> bool:
    """Whether two readings say the same; where in the file something stood may differ."""
    return (a.changes, a.watches, a.moment, codes(a)) == (b.changes, b.watches, b.moment, codes(b))


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False), st.lists(st.integers(0, len(HOUR) - 1), max_size=8))
def test_order_and_doubling_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, random: random.Random, doubled: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("log")
    shuffled = [*HOUR, *(HOUR[index] for index in doubled)]
    random.shuffle(shuffled)
    assert same(joined(write(folder / "audit.log", shuffled)), joined(write(folder / "audit.log", HOUR)))


def test_the_property_catches_a_reader_that_does_not_sort_or_fold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mutants: records in the order of their lines, and doubled lines counted twice."""
    whole = joined(write(tmp_path / "audit.log", HOUR))
    backwards = write(tmp_path / "backwards.log", HOUR[::-1])
    doubled = write(tmp_path / "doubled.log", HOUR + HOUR)

    def unsorted(files: Any) -> Any:
        for one in files:
            one.close()
            for run in one.runs:
                yield from (records.Record(*records._FORM.unpack(cut)) for cut in records._cut(run))

    monkeypatch.setattr(records.Records, "close", _close_unsorted)
    monkeypatch.setattr("tools.collect.kubernetes.auditlog.attach.in_order", unsorted)
    assert joined(backwards).changes != whole.changes
    assert joined(doubled).changes != whole.changes


def _close_unsorted(self: records.Records) -> None:
    if self._fresh:
        self.runs.append(b"".join(self._fresh))
        self._fresh = []


def test_two_hundred_thousand_writes_of_one_controller_take_no_memory(tmp_path: Path) -> None:
    """Read in a process of its own, whose peak the kernel tells."""
    file, one = tmp_path / "audit.log", event("patch", "deployments", "web", user=CONTROLLER)
    text = json.dumps(one, separators=(",", ":"))
    with file.open("w") as out:
        for number in range(200_000):
            at = f"11:{number // 6000 % 60:02d}:{number // 100 % 60:02d}.{number:06d}"
            out.write(text.replace(one["auditID"][:8], f"{number:08x}").replace("11:00:00.000001", at) + "\n")
    code = (
        "import sys; from pathlib import Path; from tests.audit_events import facts;"
        "from tools.collect.actors import Actors; from tools.collect.kubernetes.auditlog.attach import attach;"
        "c = attach(facts(), [Path(sys.argv[1])], None, Actors()).changes;"
        "told = Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0];"
        "print(len(c), c[0].count, told)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=True)
    changes, count, peak = map(int, done.stdout.split())
    assert (changes, count) == (1, 200_000)
    assert peak < 200_000


def test_a_folder_is_searched_by_content(tmp_path: Path) -> None:
    from tools.collect.kubernetes.auditlog.find import find

    write(tmp_path / "anything", HOUR)
    (tmp_path / "policy.txt").write_text("# mine\napiVersion: audit.k8s.io/v1\nkind: Policy\nrules: []\n")
    (tmp_path / "pods.json").write_text('{"kind":"PodList","apiVersion":"v1","items":[]}')
    (tmp_path / "other.yaml").write_text("kind: Policy\napiVersion: kyverno.io/v1\n")
    found = find(tmp_path)
    assert [file.name for file in found.logs] == ["anything"]
    assert [file.name for file in found.policies] == ["policy.txt"]


def test_the_refs_are_the_snapshots_own(tmp_path: Path) -> None:
    found = joined(write(tmp_path / "audit.log", HOUR))
    assert {change.ref for change in found.changes} == {POD, WEB}
    assert attach(facts(), [tmp_path / "audit.log"], None, Actors()).changes[0].actor.kind == "person"
