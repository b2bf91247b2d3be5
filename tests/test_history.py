"""History equals a naive memory of every look, over random looks; and each way of getting it wrong is found out."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.store import looks as store_looks
from auditor.store.snapshots import pack
from auditor.store.store import Store
from tests.looks import CLUSTER, change, gap, instance, look, moment, pod, watch
from tools.model.facts import Facts
from tools.model.history import Past, observations

NAMES = ("a/x", "a/y", "b/x")
Pod = tuple[str, str, str, int]
"""Name, uid, image, restarts."""
SEEN = st.dictionaries(
    st.sampled_from(NAMES), st.tuples(st.sampled_from("12"), st.sampled_from(["one", "two"]), st.integers(0, 1))
)
LOOK = st.tuples(st.integers(-2, 3), SEEN, st.sampled_from([None, None, None, "", "a"]))
"""Hours since the newest look, what is seen, and where it is not whole."""


@contextmanager
def opened() -> Iterator[Store]:
    """A store of its own, without waiting for the disk."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(str(Path(folder) / "store.db"))
        store.database.connection.execute("PRAGMA synchronous=OFF")
        try:
            yield store
        finally:
            store.database.connection.close()


def made(looks: Iterable[tuple[int, dict[str, tuple[str, str, int]], str | None]]) -> list[Facts]:
    """The facts of random looks."""
    hour, found = 10, []
    for hours, seen, blind in looks:
        hour = max(0, hour + hours)
        pods = [instance(name, image, f"{name}-{uid}", restarts=n) for name, (uid, image, n) in seen.items()]
        found.append(look(hour, *pods, gaps=() if blind is None else (gap(blind),)))
    return found


def keep(store: Store, facts: Facts) -> str:
    run = store.runs.begin("test")
    store.keep_look(run, pack(facts))
    return run


def remembered(store: Store, facts: Facts) -> dict[tuple[str, str, str], list[Past]]:
    """All that the store remembers for an audit of these facts, of every object that there could be."""
    history = store.history(facts)
    refs = [pod(name, f"{name}-{uid}") for name in NAMES for uid in "12"]
    names = ("host", "image:app", "restarts:app")
    found = {(ref.key, ref.uid, name): history.of(ref, name) for ref in refs for name in names}
    return {key: pasts for key, pasts in found.items() if pasts}


def naive(looks: list[Facts], before: str) -> dict[tuple[str, str, str], list[Past]]:
    """What a memory of all looks that came in their order would say: a value is first seen where it begins, and last
    seen by the newest look that would have noticed its end."""
    found: dict[tuple[str, str, str], list[Past]] = {}
    standing: dict[tuple[str, str, str], Past] = {}
    newest = ""
    for facts in looks:
        if facts.moment <= newest:
            continue
        newest = facts.moment
        if newest >= before:
            break
        seen = {(one.subject, one.uid, one.fact): one.value for one in observations(facts)}
        there = {key[:2] for key in seen}
        blind = {g.namespace for g in facts.gaps}
        for key in {*seen, *standing}:
            whole = not blind & {"", key[0].split("/")[1]}
            old = standing.get(key)
            if key in seen and old is not None and old.value == seen[key]:
                standing[key] = Past(old.first, newest if whole else old.last, old.value)
            elif key in seen or whole or key[:2] in there:
                if old is not None:
                    found.setdefault(key, []).append(standing.pop(key))
                if key in seen:
                    standing[key] = Past(newest, newest, seen[key])
    for key, past in standing.items():
        found.setdefault(key, []).append(past)
    return found


def agrees(looks: list[Facts]) -> bool:
    """Whether the store says what the naive memory says, after each look and at each look's moment."""
    with opened() as store:
        for number, facts in enumerate(looks, 1):
            keep(store, facts)
            asked = [*looks, look(99)] if number == len(looks) else [look(99)]
            for at in asked:
                if remembered(store, at) != naive(looks[:number], at.moment):
                    return False
    return True


@settings(max_examples=60, deadline=None)
@given(st.lists(LOOK, max_size=7))
def test_the_store_remembers_what_a_naive_memory_does(
    looks: list[tuple[int, dict[str, tuple[str, str, int]], str | None]],
) -> None:
    assert agrees(made(looks))


CHANGED = [(1, {"a/x": ("1", "one", 0)}, None), (1, {"a/x": ("1", "two", 0)}, None)]
HIDDEN = [(1, {"a/x": ("1", "one", 0)}, None), (1, {}, "a"), (1, {"a/x": ("1", "one", 0)}, None)]
GONE = [(1, {"a/x": ("1", "one", 0)}, None), (1, {}, None), (1, {"a/x": ("1", "one", 0)}, None)]
LATE = [(2, {"a/x": ("1", "one", 0)}, None), (-1, {"a/x": ("1", "two", 0)}, None)]


@pytest.mark.parametrize(
    ("looks", "name", "wrong"),
    [
        (HIDDEN, "covers", lambda *_: False),
        (GONE, "covers", lambda *_: True),
        (CHANGED, "observations", lambda facts: [o for o in observations(facts) if o.fact != "image:app"]),
    ],
    ids=["what is hidden is gone", "nothing ever goes", "a fact is forgotten"],
)
def test_a_wrong_memory_is_found_out(
    looks: list[tuple[int, dict[str, tuple[str, str, int]], str | None]],
    name: str,
    wrong: object,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Mutants of the store, each against looks that it gets wrong; unchanged, the store gets them right."""
    assert agrees(made(looks))
    monkeypatch.setattr(store_looks, name, wrong)
    assert not agrees(made(looks))


def test_a_memory_that_leaks_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mutant that takes an old recording for a newer look."""
    assert agrees(made(LATE))
    take = store_looks.remember

    def as_if_newer(connection: object, run: str, facts: Facts) -> None:
        take(connection, run, msgspec.structs.replace(facts, moment=max(facts.moment, moment(50))))  # type: ignore[arg-type]

    monkeypatch.setattr("auditor.store.store.remember", as_if_newer)
    assert not agrees(made(LATE))


def rows(store: Store) -> list[tuple[object, ...]]:
    return store.database.connection.execute("SELECT * FROM history ORDER BY subject, fact, look").fetchall()


@settings(max_examples=25, deadline=None)
@given(st.lists(LOOK, max_size=6))
def test_what_was_appended_stays(looks: list[tuple[int, dict[str, tuple[str, str, int]], str | None]]) -> None:
    with opened() as store:
        before: set[tuple[object, ...]] = set()
        for facts in made(looks):
            keep(store, facts)
            assert before <= set(rows(store))
            before = set(rows(store))


@pytest.mark.parametrize(
    "act",
    [
        *(f"DELETE FROM {table}" for table in ("looks", "history", "changes", "watched")),
        *(f"UPDATE {table} SET look = 5" for table in ("history", "changes", "watched")),
        "UPDATE looks SET moment = ''",
    ],
)
def test_nobody_rewrites_history(act: str) -> None:
    whole = msgspec.structs.replace(look(1, instance("a/x")), changes=(change(1, pod("a/x")),), watches=(watch(0, 1),))
    with opened() as store:
        keep(store, whole)
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            store.database.connection.execute(act)


def test_an_unchanged_look_appends_its_own_row_alone() -> None:
    with opened() as store:
        keep(store, look(1, instance("a/x"), instance("b/x")))
        before = rows(store)
        keep(store, look(2, instance("a/x"), instance("b/x")))
        assert rows(store) == before
        assert count(store, "looks") == 2
        assert remembered_image(store, look(3)) == [Past(moment(1), moment(2), "one")]


def remembered_image(store: Store, facts: Facts) -> list[Past]:
    return store.history(facts).of(pod("a/x"), "image:app")


def count(store: Store, table: str) -> int:
    return int(store.database.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_the_same_snapshot_twice_appends_nothing_and_sees_the_same_past() -> None:
    with opened() as store:
        keep(store, look(1, instance("a/x", "one")))
        now = look(2, instance("a/x", "two"))
        first = remembered_image(store, now)
        keep(store, now)
        before = [count(store, table) for table in ("looks", "history", "subjects", "words")]
        assert remembered_image(store, now) == first == [Past(moment(1), moment(1), "one")]
        keep(store, now)
        assert [count(store, table) for table in ("looks", "history", "subjects", "words")] == before


def test_an_old_recording_knows_nothing_of_what_came_later_and_ends_nothing() -> None:
    with opened() as store:
        keep(store, look(1, instance("a/x", "one")))
        keep(store, look(9, instance("a/x", "two")))
        old = look(5, instance("b/x", "other"))
        assert remembered_image(store, old) == [Past(moment(1), moment(1), "one")]
        assert store.history(old).moment == moment(1)
        keep(store, old)
        assert remembered_image(store, look(10)) == [
            Past(moment(1), moment(1), "one"),
            Past(moment(9), moment(9), "two"),
        ]


def test_a_first_look_has_no_past() -> None:
    with opened() as store:
        history = store.history(look(1, instance("a/x")))
        assert (history.moment, history.of(pod("a/x"), "image:app")) == ("", [])


def test_two_clusters_of_one_name_have_a_past_each() -> None:
    with opened() as store:
        keep(store, look(1, instance("a/x", "one", scope="cluster-1"), scope="cluster-1"))
        keep(store, look(2, instance("a/x", "two", scope="cluster-2"), scope="cluster-2"))
        one, two = (store.history(look(3, scope=scope)) for scope in ("cluster-1", "cluster-2"))
        assert [past.value for past in one.of(pod("a/x", scope="cluster-1"), "image:app")] == ["one"]
        assert [past.value for past in two.of(pod("a/x", scope="cluster-2"), "image:app")] == ["two"]
        assert one.of(pod("a/x", scope="cluster-2"), "image:app") == []
        assert (one.moment, two.moment) == (moment(1), moment(2))


@pytest.mark.parametrize(
    ("stable", "after", "strange"),
    [
        (False, ("b/x",), True),
        (False, ("a/x", "b/x"), False),
        (False, (), False),
        (True, ("b/x",), False),
    ],
    ids=["wholly different", "some are the same", "nothing there", "an identity of its own"],
)
def test_a_name_that_may_be_two_clusters(stable: bool, after: tuple[str, ...], strange: bool) -> None:
    with opened() as store:
        keep(store, look(1, instance("a/x"), stable=stable))
        now = look(2, *(instance(name, uid=f"uid-{name}" if name == "b/x" else "") for name in after), stable=stable)
        assert bool(store.strangers(now)) is strange
        assert not store.strangers(look(2, instance("c/x"), scope=CLUSTER + "-new", stable=False)), "a first look"


def test_what_another_process_appends_meanwhile_is_not_in_it() -> None:
    with opened() as store:
        keep(store, look(1, instance("a/x", "one")))
        history = store.history(look(9, instance("a/x", "three")))
        other = Store(str(store.database.path))
        keep(other, look(2, instance("a/x", "two")))
        other.database.connection.close()
        assert history.of(pod("a/x"), "image:app") == [Past(moment(1), moment(1), "one")]
