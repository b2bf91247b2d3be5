"""Snapshots and reports in the store: what goes in comes out, each part is checked, and little is written twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.commands.demo import RECORDING
from auditor.store import snapshots
from auditor.store.schema import PAGE_SIZE
from auditor.store.snapshots import pack
from auditor.store.store import Store
from tests.looks import change, gap, host, instance, look, pod, watch
from tests.test_history import count, opened
from tools.catalogue import discover
from tools.collect.kubernetes.recording import collect
from tools.engine import audit
from tools.errors import AuditorError
from tools.model.facts import Facts
from tools.model.report import Report


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(str(tmp_path / "store.db"))
    yield store
    store.database.connection.close()


def fleet(size: int, hour: int = 1, *, beat: str = "1", other: frozenset[int] = frozenset(), less: int = 0) -> Facts:
    """Instances on two hosts; those of `other` run another image, the first `less` are gone."""
    pods = [instance(f"a/web-{n:04}", "two" if n in other else "one") for n in range(less, size)]
    made = look(hour, *pods, gaps=(gap("b"),))
    more = {"changes": (change(1, pod("a/web-0000")),), "watches": (watch(0, 1),)}
    return msgspec.structs.replace(made, hosts=(host("a", beat), host("b", beat)), **more)


def same(facts: Facts) -> Facts:
    """Facts as they are promised to come back: hosts without their resourceVersion."""
    return msgspec.structs.replace(facts, hosts=tuple(msgspec.structs.replace(h, version="") for h in facts.hosts))


@settings(max_examples=30, deadline=None)
@given(st.sets(st.text("abcdef-", min_size=1, max_size=6), max_size=30), st.integers(1, 8))
def test_whatever_is_stored_comes_back_equal(names: set[str], chunk: int) -> None:
    facts = look(1, *(instance(f"a/{name}") for name in names))
    before, snapshots.CHUNK = snapshots.CHUNK, chunk
    try:
        with opened() as store:
            assert store.runs.load_facts(store.runs.save_facts(facts)) == facts
    finally:
        snapshots.CHUNK = before


def test_every_noun_comes_back_equal(store: Store) -> None:
    for facts in (fleet(300), collect(RECORDING), Facts(moment="", scopes=())):
        assert store.runs.load_facts(store.runs.save_facts(facts)) == same(facts)


def test_a_heartbeat_is_no_other_snapshot(store: Store) -> None:
    first = store.runs.save_facts(fleet(50))
    before = count(store, "contents")
    assert store.runs.save_facts(fleet(50, beat="2")) == first
    assert count(store, "contents") == before


def test_another_moment_writes_a_manifest_alone(store: Store) -> None:
    store.runs.save_facts(fleet(300))
    before = count(store, "contents")
    store.runs.save_facts(fleet(300, 2))
    assert count(store, "contents") == before + 1


@pytest.mark.parametrize(
    ("change", "chunks"),
    [({"other": frozenset({150})}, 1), ({"less": 1}, 1), ({"other": frozenset(range(100, 110))}, 3)],
    ids=["one changed", "one gone", "ten neighbours changed"],
)
def test_a_small_change_touches_few_chunks(change: dict[str, frozenset[int]], chunks: int, store: Store) -> None:
    store.runs.save_facts(fleet(1000))
    before = chunks_in(store)
    assert before > 15
    store.runs.save_facts(fleet(1000, **change))  # type: ignore[arg-type]
    assert 1 <= chunks_in(store) - before <= chunks


def chunks_in(store: Store) -> int:
    found = store.database.connection.execute("SELECT count(*) FROM contents WHERE kind = 'chunk'").fetchone()
    return int(found[0])


@pytest.mark.parametrize("kind", ["chunk", "list", "nouns", "snapshot"])
@pytest.mark.parametrize("how", ["data = x'00'", "data = (SELECT data FROM contents WHERE kind = 'stranger')"])
def test_a_damaged_part_is_found_out_by_its_id(kind: str, how: str, store: Store) -> None:
    snapshot = store.runs.save_facts(fleet(50))
    store.runs.contents.save(
        {"z-0": ("stranger", b"\x90")}
    )  # an empty list: it can be decoded, and is not what it says
    store.database.connection.execute(f"UPDATE contents SET {how} WHERE kind = ?", (kind,))
    with pytest.raises(AuditorError, match="is damaged"):
        store.runs.load_facts(snapshot)


def test_a_missing_chunk_is_found_out(store: Store) -> None:
    snapshot = store.runs.save_facts(fleet(50))
    store.database.connection.execute("DELETE FROM contents WHERE kind = 'chunk'")
    with pytest.raises(AuditorError, match="the store holds no chunk"):
        store.runs.load_facts(snapshot)


def report_of(facts: Facts) -> Report:
    packed = pack(facts)
    return audit(packed.facts, packed.id, discover(), {})


def test_a_report_comes_back_equal(store: Store) -> None:
    for facts in (collect(RECORDING), fleet(10), Facts(moment="", scopes=())):
        report = report_of(facts)
        assert store.runs.load_report(store.runs.save_report(report)) == report


def test_the_summary_is_what_the_report_says(store: Store) -> None:
    report = report_of(collect(RECORDING))
    told = store.runs.summary(store.runs.save_report(report))
    assert told.exit == report.exit_code == 10
    assert sum(told.verdicts.values()) == len(report.findings)
    assert told.scopes == tuple((scope.id, scope.name) for scope in report.scopes)


def test_a_quiet_round_writes_no_second_copy_of_its_report(store: Store) -> None:
    store.runs.save_report(report_of(fleet(10)))
    before = count(store, "contents")
    store.runs.save_report(msgspec.structs.replace(report_of(fleet(10)), moment="2026-11-02T00:00:00Z"))
    assert count(store, "contents") == before + 1


def test_a_quiet_round_grows_the_file_by_little(store: Store) -> None:
    def pages() -> int:
        return int(store.database.connection.execute("PRAGMA page_count").fetchone()[0])

    def keep(hour: int) -> None:
        facts = msgspec.structs.replace(fleet(500, hour, beat=str(hour)), changes=(), watches=())
        packed = pack(facts)
        store.keep_audit("test", packed, audit(packed.facts, packed.id, discover(), {}, store.history(packed.facts)))

    keep(2)
    keep(3)
    before = pages()
    for hour in range(4, 14):
        keep(hour)
    assert (pages() - before) * PAGE_SIZE < 10 * 1_500  # of which the ledger's entry is 560
