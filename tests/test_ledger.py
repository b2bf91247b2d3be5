"""The ledger: whatever is edited, removed, inserted, reordered, truncated or put back is found, and where."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.commands.ledger import anchors as opened
from auditor.ledger.anchors import FileAnchor
from auditor.ledger.chain import entries, walk
from auditor.ledger.entry import NOTHING, Body, Head, encoded, hash_of, head_of
from auditor.ledger.key import key_file, load_key
from auditor.ledger.verify import Proof, verify
from auditor.settings import Settings
from auditor.store.store import Store
from tests.driver import command
from tools.errors import AuditorError
from tools.model.plan import Approval

Edit = Callable[[sqlite3.Connection], object]


def an_approval(run: str) -> Approval:
    """An approval of a run by alice."""
    given, expires = "2026-01-01T00:00:00Z", "2026-01-01T00:30:00Z"
    return Approval(
        id="a-1", run=run, plan="p-1", approver="alice", how="cluster", given=given, expires=expires, bounds=()
    )


def filled(folder: Path, runs: int = 5) -> Path:
    """A store with so many runs in its ledger, an approval and a refusal."""
    file = folder / "store.db"
    store = Store(str(file))
    named = [store.runs.begin("kubernetes:here", "audited") for _ in range(runs)]
    store.runs.refuse(named[0], "no-approval", "nobody has")
    store.approvals.save(an_approval(named[0]))
    store.runs.update(named[0], state="done", outcome="well")
    store.database.connection.close()
    return file


def began(file: Path, source: str) -> None:
    """Begin one more run."""
    store = Store(str(file))
    store.runs.begin(source, "audited")
    store.database.connection.close()


def tampered(file: Path, edit: Edit) -> None:
    """Edit the tables as somebody would who can write the file: the triggers are in nobody's way."""
    connection = sqlite3.connect(file)
    for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {trigger}")
    edit(connection)
    connection.commit()
    connection.close()


def proof(file: Path, *anchors: FileAnchor, pinned: str = "") -> Proof:
    return verify(Store(str(file)).database, anchors, pinned)


def codes(found: Proof) -> list[tuple[int, str]]:
    return [(fault.number, fault.code) for fault in found.faults]


def test_what_was_not_touched_is_whole(tmp_path: Path) -> None:
    found = proof(filled(tmp_path))
    assert found.faults == ()
    assert found.entries == found.proven == 9  # the key, five runs, a refusal, an approval, an update
    assert found.anchored == 0
    assert found.earlier == 0


def test_sqlite_itself_refuses_an_edit_while_the_triggers_are_there(tmp_path: Path) -> None:
    connection = sqlite3.connect(filled(tmp_path))
    for statement in ("DELETE FROM ledger", "UPDATE ledger SET body = ''"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)


def swapped(connection: sqlite3.Connection) -> None:
    rows = dict(connection.execute("SELECT number, body FROM ledger WHERE number IN (3, 4)").fetchall())
    full = {
        n: connection.execute("SELECT body, before, hash, signature FROM ledger WHERE number=?", (n,)).fetchone()
        for n in rows
    }
    for number, other in ((3, 4), (4, 3)):
        connection.execute(
            "UPDATE ledger SET body=?, before=?, hash=?, signature=? WHERE number=?", (*full[other], number)
        )


def inserted(connection: sqlite3.Connection) -> None:
    """An entry of somebody who has no key: whole by itself, signed by nobody, the rest chained on to it anew."""
    before = connection.execute("SELECT hash FROM ledger WHERE number = 3").fetchone()[0]
    rows = connection.execute("SELECT body, signature FROM ledger WHERE number >= 4 ORDER BY number").fetchall()
    connection.execute("DELETE FROM ledger WHERE number >= 4")
    forged = encoded(Body("run", "2026-01-01T00:00:00Z", {"run": "r-forged", "state": "done", "outcome": ""}))
    for number, (body, signature) in enumerate([(forged, bytes(64)), *rows], 4):
        name = hash_of(number, before, body)
        connection.execute("INSERT INTO ledger VALUES (?, ?, ?, ?, ?)", (number, body, before, name, signature))
        before = name


TAMPERINGS: dict[str, tuple[Edit, tuple[int, str]]] = {
    "a body edited": (
        lambda c: c.execute("UPDATE ledger SET body = replace(body, 'audited', 'forgotten') WHERE number = 4"),
        (4, "edited"),
    ),
    "an entry removed": (lambda c: c.execute("DELETE FROM ledger WHERE number = 4"), (4, "removed")),
    "the first removed": (lambda c: c.execute("DELETE FROM ledger WHERE number = 1"), (1, "removed")),
    "an entry removed, the rest renumbered": (
        lambda c: (
            c.execute("DELETE FROM ledger WHERE number = 4"),
            [c.execute("UPDATE ledger SET number = ? WHERE number = ?", (n - 1, n)) for n in range(5, 10)],
        ),
        (4, "reordered"),
    ),
    "two reordered": (swapped, (3, "reordered")),
    "one inserted": (inserted, (4, "other-key")),
    "a signature of nobody": (
        lambda c: c.execute("UPDATE ledger SET signature = zeroblob(64) WHERE number = 5"),
        (5, "other-key"),
    ),
    "text for bytes": (lambda c: c.execute("UPDATE ledger SET hash = 'x' WHERE number = 5"), (5, "edited")),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_a_tampered_chain_is_proven_up_to_the_entry_before(tmp_path: Path, name: str) -> None:
    edit, (number, code) = TAMPERINGS[name]
    file = filled(tmp_path)
    tampered(file, edit)
    found = proof(file)
    assert (number, code) in codes(found)
    assert found.proven == number - 1


STORE_EDITS: dict[str, tuple[str, str]] = {
    "an outcome": ("UPDATE runs SET outcome = 'badly' WHERE outcome = 'well'", "is not what entry 9 says"),
    "an approver": ("UPDATE approvals SET data = replace(data, 'alice', 'mallo')", "is not what entry 8 says"),
    "an approval slipped in": (
        "INSERT INTO approvals SELECT 'a-2', run, plan, data, NULL FROM approvals",
        "in the store and not in the ledger",
    ),
    "an approval removed": ("DELETE FROM approvals", "not in the store any more"),
    "a refusal removed": ("DELETE FROM refusals", "not in the store any more"),
    "a run removed": ("DELETE FROM runs WHERE outcome = 'well'", "not in the store any more"),
    "a step slipped in": (
        "INSERT INTO journal (plan, step, state) VALUES ('p-1', 1, 'done')",
        "in the store and not in the ledger",
    ),
}


@pytest.mark.parametrize("name", STORE_EDITS)
def test_what_the_ledger_is_about_is_held_against_it(tmp_path: Path, name: str) -> None:
    statement, told = STORE_EDITS[name]
    file = filled(tmp_path)
    tampered(file, lambda c: c.execute(statement))
    found = proof(file)
    assert [code for _, code in codes(found)] == ["store-edited"]
    assert told in found.faults[0].message


def anchored(file: Path, place: Path) -> FileAnchor:
    """Anchor the newest head."""
    store = Store(str(file))
    chain = walk(list(entries(store.database)))
    store.database.connection.close()
    assert chain.last is not None
    assert chain.key is not None
    anchor = FileAnchor(str(place))
    anchor.add(head_of(chain.last, chain.key.fingerprint))
    return anchor


def test_a_truncated_ledger_is_told_by_its_anchor_alone(tmp_path: Path) -> None:
    file = filled(tmp_path)
    anchor = anchored(file, tmp_path / "heads")
    assert proof(file, anchor).anchored == 9
    tampered(
        file,
        lambda c: (
            c.execute("DELETE FROM ledger WHERE number = 9"),
            c.execute("UPDATE runs SET state = 'audited', outcome = '' WHERE outcome = 'well'"),
        ),
    )
    assert proof(file).faults == ()  # nothing here can know of it: that is what an anchor is for
    assert codes(proof(file, anchor)) == [(9, "truncated")]


def test_an_older_copy_that_went_on_is_told(tmp_path: Path) -> None:
    file = filled(tmp_path)
    old = file.read_bytes()
    began(file, "kubernetes:here")
    anchor = anchored(file, tmp_path / "heads")
    for suffix in ("-wal", "-shm"):
        Path(f"{file}{suffix}").unlink(missing_ok=True)
    file.write_bytes(old)
    began(file, "kubernetes:elsewhere")
    assert codes(proof(file, anchor)) == [(10, "rewritten")]


def test_a_whole_ledger_under_a_new_key_is_told(tmp_path: Path) -> None:
    file = filled(tmp_path)
    anchor, key = anchored(file, tmp_path / "heads"), proof(file).key
    (tmp_path / "new").mkdir()
    forged = filled(tmp_path / "new")
    assert proof(forged).faults == ()
    assert codes(proof(forged, pinned=key)) == [(1, "other-key")]
    assert codes(proof(forged, anchor)) == [(9, "other-key")]


def test_another_key_beside_the_store_is_told_and_a_lost_one_stops_recording(tmp_path: Path) -> None:
    file = filled(tmp_path)
    (tmp_path / "new").mkdir()
    other = key_file(filled(tmp_path / "new")).read_bytes()
    mine = key_file(file).read_bytes()
    key_file(file).write_bytes(other)
    assert codes(proof(file)) == [(0, "other-key")]
    Store(str(file)).runs.begin("kubernetes:here")
    assert (10, "other-key") in codes(proof(file))
    key_file(file).unlink()
    with pytest.raises(AuditorError, match=r"key .* can't be read"):
        Store(str(file)).runs.begin("kubernetes:here")
    key_file(file).write_bytes(mine)
    key_file(file).chmod(0o644)
    with pytest.raises(AuditorError, match="not yours alone"):
        load_key(key_file(file))


def test_a_forged_or_broken_anchor_proves_nothing(tmp_path: Path) -> None:
    file = filled(tmp_path)
    place = tmp_path / "heads"
    anchor = anchored(file, place)
    head = msgspec.json.decode(place.read_bytes(), type=Head)
    place.write_bytes(msgspec.json.encode(Head(head.number, "00" * 32, head.signature, head.key)))
    assert codes(proof(file, anchor)) == [(9, "other-key")]
    place.write_bytes(b"{cut")
    found = proof(file, anchor)
    assert found.anchored == 0
    assert "holds no head" in found.anchors[0].unread


@given(number=st.integers(1, 9), column=st.sampled_from(["body", "before", "hash", "signature"]), at=st.integers(0, 31))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bit_can_be_flipped(tmp_path_factory: pytest.TempPathFactory, number: int, column: str, at: int) -> None:
    file = filled(tmp_path_factory.mktemp("bits"))

    def flip(connection: sqlite3.Connection) -> None:
        data = bytearray(connection.execute(f"SELECT {column} FROM ledger WHERE number = ?", (number,)).fetchone()[0])
        data[at % len(data)] ^= 1
        connection.execute(f"UPDATE ledger SET {column} = ? WHERE number = ?", (bytes(data), number))

    tampered(file, flip)
    found = proof(file)
    assert found.faults
    assert found.proven < number or found.faults[0].number == number


def test_a_run_that_is_rolled_back_leaves_no_entry(tmp_path: Path) -> None:
    store = Store(str(filled(tmp_path)))

    def broken() -> None:
        with store.database.transaction():
            store.runs.begin("kubernetes:here")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        broken()
    assert verify(store.database, ()).entries == 9
    assert next(entries(store.database)).before == NOTHING


def test_the_commands_say_it_and_exit_by_it(tmp_path: Path) -> None:
    file = filled(tmp_path)
    heads = tmp_path / "heads"
    (tmp_path / "auditor.toml").write_text(f'[[ledger.anchors]]\nfile = "{heads}"\n')
    said = command.run(tmp_path, "ledger", "verify", "--store", str(file))
    assert said.code == 3, said  # an anchor that holds nothing proves nothing
    said = command.run(tmp_path, "ledger", "anchor", "--store", str(file))
    assert said.code == 0, said
    said = command.run(tmp_path, "ledger", "verify", "--store", str(file), "--json")
    assert said.code == 0, said
    assert json.loads(said.out)["anchored"] == 9
    said = command.run(tmp_path, "ledger", "show", "--store", str(file), "--limit", "2")
    assert "alice" in said.out, said
    tampered(file, lambda c: c.execute("DELETE FROM ledger WHERE number = 9"))
    said = command.run(tmp_path, "ledger", "verify", "--store", str(file))
    assert said.code == 10, said
    assert "truncated" in said.out
    said = command.run(tmp_path, "ledger", "anchor", "--store", str(file))
    assert said.code == 1, said
    assert "no head of it is anchored" in said.err


def test_an_anchor_is_one_place() -> None:
    with pytest.raises(ValueError, match="say one place"):
        Settings.model_validate({"ledger": {"anchors": [{"file": "a", "oci": "r/x"}]}})
    assert opened(Settings.model_validate({"ledger": {"anchors": [{"file": "a"}]}}), "", "")[0].name == "file a"
