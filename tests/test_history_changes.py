"""Changes and watched intervals that earlier looks leave behind, and history that can't be read."""

from __future__ import annotations

import msgspec
import pytest

from auditor.store.store import Store
from tests.looks import change, instance, look, moment, pod, watch
from tests.test_history import count, keep, opened
from tools.check import View
from tools.errors import AuditorError
from tools.model.change import Actor, Change, Watch
from tools.model.facts import Facts


def watched(hour: int, *changes: Change, watches: tuple[Watch, ...] = (), name: str = "a/x") -> Facts:
    return msgspec.structs.replace(look(hour, instance(name)), changes=changes, watches=watches)


def test_a_change_is_remembered_once_and_seen_by_later_looks() -> None:
    act = change(1, pod("a/x"))
    with opened() as store:
        keep(store, watched(2, act))
        keep(store, watched(3, act))
        assert count(store, "changes") == 1
        later = watched(4)
        assert store.history(later).changes == (act,)
        assert View(later, {}, store.history(later)).changes_under(pod("a/x")) == [act]
        assert store.history(watched(2)).changes == (), "its own look is no past"


def test_changes_to_what_is_not_there_any_more_are_left_in_the_store() -> None:
    with opened() as store:
        keep(store, watched(2, change(1, pod("a/x"))))
        assert store.history(watched(3, name="b/y")).changes == ()
        assert len(store.history(watched(3)).changes) == 1


def test_a_series_that_grew_is_one_change() -> None:
    short, long = (change(1, pod("a/x"), count=n, last=1 + n) for n in (2, 5))
    with opened() as store:
        keep(store, watched(4, short))
        keep(store, watched(7, long))
        assert store.history(watched(8)).changes == (long,)
        assert store.history(watched(5)).changes == (short,), "as it was known then"
        longest = change(1, pod("a/x"), count=9, last=8)
        now = watched(9, longest)
        assert View(now, {}, store.history(now)).changes_under(pod("a/x")) == [longest]


def test_one_audit_id_of_two_senders_is_two_changes() -> None:
    """A client may choose it: what another user did under it, or later, is not forgotten for the first."""
    ours = change(1, pod("a/x"))
    theirs = msgspec.structs.replace(ours, actor_seen=Actor("mallory", "person"))
    later = msgspec.structs.replace(ours, time=moment(2))
    with opened() as store:
        keep(store, watched(3, ours, theirs, later))
        assert set(store.history(watched(4)).changes) == {ours, theirs, later}
        assert set(store.history(watched(4, ours)).changes) == {theirs, later}, "what the log has is not doubled"


def test_a_change_from_the_future_is_not_known() -> None:
    with opened() as store:
        keep(store, watched(2, change(6, pod("a/x"))))
        assert store.history(watched(3)).changes == ()
        assert len(store.history(watched(7)).changes) == 1


def test_an_old_recordings_changes_are_kept_too() -> None:
    with opened() as store:
        keep(store, watched(9))
        keep(store, watched(3, change(2, pod("a/x"))))
        assert len(store.history(watched(10)).changes) == 1
        assert store.history(watched(3)).changes == ()


@pytest.mark.parametrize(
    ("watches", "merged"),
    [
        ([watch(1, 3), watch(2, 5)], [watch(1, 5)]),
        ([watch(1, 3), watch(3, 5)], [watch(1, 5)]),
        ([watch(1, 5), watch(2, 3)], [watch(1, 5)]),
        ([watch(1, 2), watch(4, 5)], [watch(1, 2), watch(4, 5)]),
        ([watch(1, 3, "one"), watch(2, 5, "two")], [watch(1, 3, "one"), watch(2, 5, "two")]),
    ],
    ids=["overlapping", "adjacent", "within", "apart", "of two policies"],
)
def test_intervals_of_one_policy_are_one(watches: list[Watch], merged: list[Watch]) -> None:
    with opened() as store:
        for hour, one in enumerate(watches, 6):
            keep(store, watched(hour, watches=(one,)))
        assert list(store.history(watched(12)).watches) == merged


def test_an_interval_ends_at_the_moment_that_is_asked_about() -> None:
    with opened() as store:
        keep(store, watched(2, watches=(watch(1, 9),)))
        assert store.history(watched(5)).watches == (watch(1, 5),)
        assert store.history(watched(2)).watches == ()


def without_triggers(store: Store, statement: str) -> None:
    """Damage history, as another version of the program or a failing disk might."""
    connection = store.database.connection
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(statement)


def read(store: Store) -> None:
    """All that there is to be known of one pod."""
    history = store.history(watched(4))
    for fact in ("host", "image:app"):
        history.of(pod("a/x"), fact)


@pytest.mark.parametrize(
    ("statement", "row"),
    [
        ("UPDATE changes SET data = x'7b7d'", "change "),
        ("UPDATE changes SET data = x'ff'", "change "),
        ("UPDATE words SET text = '{}' WHERE number = (SELECT log FROM watched)", "log "),
        ("DELETE FROM words WHERE number = (SELECT value FROM history LIMIT 1)", "Pod/a/x at look 1"),
        ("DELETE FROM looks WHERE number = 1", "look 1"),
        ("UPDATE words SET text = '5' WHERE number = (SELECT unseen FROM looks LIMIT 1)", "word "),
    ],
)
def test_history_that_cant_be_read_is_an_error_that_names_the_row(statement: str, row: str) -> None:
    with opened() as store:
        keep(store, watched(2, change(1, pod("a/x")), watches=(watch(1, 2),)))
        keep(store, watched(3))
        without_triggers(store, statement)
        before = list(store.database.connection.iterdump())
        with pytest.raises(AuditorError) as caught:
            read(store)
        assert row in caught.value.message, caught.value
        assert caught.value.mend
        assert list(store.database.connection.iterdump()) == before, "nothing is lost"
