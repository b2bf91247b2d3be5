"""A trail's log files: real ones, and what may be wrong with a file without the rest being lost."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.aws_compute import ACCOUNT, BARE, DATA, REGION
from tests.aws_fleet import fleet
from tests.cloudtrail_events import event, role, sent, trail_of, written
from tools.collect.aws.changes import Trail, is_trail, trail

REAL = DATA / "cloudtrail" / "invictus"


def faults(found: Trail) -> list[tuple[str, str]]:
    return [(fault.place, fault.code) for fault in found.faults]


def test_a_real_trail_is_read_whole() -> None:
    found = trail([REAL])
    assert found.faults == []
    seen = found.seen["123837392027", "us-east-1"]
    assert (seen.events, seen.writes) == (200, 38)
    assert sorted(one.event_name for one in found.events.values()) == ["RunInstances", "RunInstances"]


def test_the_same_files_packed_and_laid_out_as_in_a_bucket(tmp_path: Path) -> None:
    for path in REAL.glob("*.json"):
        place = tmp_path / "AWSLogs" / "123837392027" / "CloudTrail" / "us-east-1" / "2023" / "07" / "10"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    found = trail([tmp_path])
    assert found.faults == []
    assert found.seen == trail([REAL]).seen


def test_what_is_a_trail_s_file_is_known_by_its_content(tmp_path: Path) -> None:
    assert all(is_trail(path) for path in REAL.glob("*.json"))
    assert is_trail(written(tmp_path / "a.json.gz", event("RunInstances"), packed=True))
    (tmp_path / "b.json").write_text('{"Reservations": []}')
    (tmp_path / "c.json").write_text("")
    assert not is_trail(tmp_path / "b.json")
    assert not is_trail(tmp_path / "c.json")
    assert not is_trail(tmp_path / "d.json")


def test_an_event_counts_once_in_however_many_files(tmp_path: Path) -> None:
    one = sent(BARE)
    found = trail([written(tmp_path / "a.json", one), written(tmp_path / "b.json", one, sent(BARE, eventID="2"))])
    assert len(found.events) == 2
    assert found.doubled == 1


def test_a_refused_request_is_no_act(tmp_path: Path) -> None:
    assert trail_of(tmp_path, sent(BARE, errorCode="AccessDenied")).events == {}


class TestWhatIsWrongWithAFile:
    """Each is told with its place, and what else there is goes on."""

    def read(self, folder: Path, data: bytes, name: str = "bad.json") -> Trail:
        (folder / name).write_bytes(data)
        return trail([folder / name, written(folder / "good.json", sent(BARE, eventID="good"))])

    @pytest.mark.parametrize(
        ("data", "code"),
        [
            (b"", "not-cloudtrail"),
            (b"hello", "not-cloudtrail"),
            (b"[]", "not-cloudtrail"),
            (b'{"Reservations": []}', "not-cloudtrail"),
            (b'{"kind": "Event", "apiVersion": "audit.k8s.io/v1"}', "not-cloudtrail"),
            (b'{"Records": 7}', "broken"),
            (b"\xff\xfe\x00", "not-cloudtrail"),
        ],
    )
    def test_another_kind(self, data: bytes, code: str, tmp_path: Path) -> None:
        found = self.read(tmp_path, data)
        assert faults(found) == [("bad.json", code)]
        assert list(found.events) == ["good"]

    def test_cut_short(self, tmp_path: Path) -> None:
        whole = json.dumps({"Records": [sent(BARE, eventID=str(n)) for n in range(10)]}).encode()
        found = self.read(tmp_path, whole[: len(whole) // 2])
        assert faults(found) == [("bad.json", "truncated")]
        assert "after 4 whole records" in found.faults[0].reason or "after 5 whole records" in found.faults[0].reason
        assert 5 <= len(found.events) <= 6

    def test_packed_and_cut_short(self, tmp_path: Path) -> None:
        whole = gzip.compress(
            (REAL / "218007301253_CloudTrail_us-east-1_20230710T1200Z_x9kHmzMa7cx6l9wM.json").read_bytes()
        )
        found = self.read(tmp_path, whole[: len(whole) * 2 // 3], "bad.json.gz")
        assert faults(found) == [("bad.json.gz", "truncated")]
        assert found.seen["123837392027", "us-east-1"].events > 10
        assert list(found.events)[-1] == "good"

    def test_packed_and_spoilt(self, tmp_path: Path) -> None:
        whole = bytearray(gzip.compress(json.dumps({"Records": [sent(BARE)] * 50}).encode()))
        whole[30:60] = b"\x00" * 30
        assert faults(self.read(tmp_path, bytes(whole), "bad.json.gz"))[0][1] in ("broken", "truncated")

    def test_broken_in_the_middle(self, tmp_path: Path) -> None:
        text = '{"Records": [' + json.dumps(sent(BARE, eventID="1")) + ", oops, " + json.dumps(sent(BARE)) + "]}"
        found = self.read(tmp_path, text.encode())
        assert faults(found) == [("bad.json", "broken")]
        assert set(found.events) == {"1", "good"}

    @pytest.mark.parametrize(
        "record",
        [
            7,
            None,
            {},
            {"eventName": "RunInstances"},
            event("RunInstances", eventTime="soon"),
            event("SendCommand", asked=[1]),
        ],
    )
    def test_a_record_that_is_none(self, record: Any, tmp_path: Path) -> None:
        data = json.dumps({"Records": [sent(BARE, eventID="1"), record, sent(BARE, eventID="3")]}).encode()
        found = self.read(tmp_path, data)
        assert faults(found) == [("bad.json, record 2", "broken")]
        assert set(found.events) == {"1", "3", "good"}

    def test_many_of_them_are_counted(self, tmp_path: Path) -> None:
        found = self.read(tmp_path, json.dumps({"Records": [{}] * 1000}).encode())
        assert [(f.place, f.reason[:3]) for f in found.faults][1:] == [("bad.json", "999")]

    def test_an_event_after_its_file_was_delivered(self, tmp_path: Path) -> None:
        name = f"{ACCOUNT}_CloudTrail_{REGION}_20261120T0900Z_abcdefghijklmnop.json"
        found = self.read(tmp_path, json.dumps({"Records": [sent(BARE, eventID="1")]}).encode(), name)
        assert faults(found) == [(f"{name}, record 1", "out-of-order")]
        assert set(found.events) == {"1", "good"}  # it happened all the same

    def test_a_file_that_is_not_there_and_an_empty_folder(self, tmp_path: Path) -> None:
        (tmp_path / "none").mkdir()
        assert [code for _, code in faults(trail([tmp_path / "gone.json", tmp_path / "none"]))] == ["broken", "empty"]

    def test_something_that_unpacks_without_end(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("tools.collect.aws.changes.bytes_of.LARGEST", 1 << 20)
        found = self.read(tmp_path, gzip.compress(b" " * (64 << 20)), "bad.json.gz")
        assert faults(found) == [("bad.json.gz", "too-large")]
        assert list(found.events) == ["good"]


def test_ten_thousand_events_in_an_hour_keep_only_what_is_an_act(tmp_path: Path) -> None:
    noise = [
        event("DescribeInstances", eventID=f"n-{n}", readOnly=True, userIdentity=role("web", f"i-{n:08x}"),
              eventTime=f"2026-11-20T10:{n // 167:02}:00Z")
        for n in range(10_000)
    ]  # fmt: skip
    path = written(tmp_path / "trail.json", *noise, sent(BARE))
    size = path.stat().st_size
    del noise
    tracemalloc.start()
    found = trail([path])
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.seen[ACCOUNT, REGION].events == 10_001
    assert list(found.events) == ["event-SendCommand"]
    assert most < 4 * size  # the file, and a view of each record
    assert len(found.seen[ACCOUNT, REGION].minutes) == 60


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """An S3 with a bucket of two days' files."""
    with fleet() as made:
        client = made.client("s3")
        client.create_bucket(Bucket="logs", CreateBucketConfiguration={"LocationConstraint": REGION})
        for day, name in (("10", "a"), ("11", "b")):
            folder = f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/2026/11/{day}"
            body = gzip.compress(json.dumps({"Records": [sent(BARE, eventID=name)]}).encode())
            client.put_object(Bucket="logs", Key=f"{folder}/{name}.json.gz", Body=body)
        client.put_object(Bucket="logs", Key="AWSLogs/readme.txt", Body=b"x")
        yield client


class TestBucket:
    """Files as they lie in S3."""

    def read(self, client: Any, path: str, **more: str) -> Trail:
        return trail([Path(path)], client=lambda: client, **more)

    def test_all_below_a_prefix(self, client: Any) -> None:
        found = self.read(client, f"s3://logs/AWSLogs/{ACCOUNT}")
        assert found.faults == []
        assert set(found.events) == {"a", "b"}

    def test_only_the_days_of_a_declared_interval(self, client: Any) -> None:
        assert set(self.read(client, "s3://logs", since="2026-11-11T00:00:00Z").events) == {"b"}
        assert set(self.read(client, "s3://logs", until="2026-11-09T12:00:00Z").events) == {"a"}

    def test_what_can_t_be_read_is_said(self, client: Any) -> None:
        assert faults(self.read(client, "s3://none/x")) == [("s3://none/x", "broken")]
        assert faults(self.read(client, "s3://logs/nothing")) == [("s3://logs/nothing", "empty")]
        assert faults(trail([Path("s3://logs/x")])) == [("s3://logs/x", "broken")]
