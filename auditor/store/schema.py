"""The tables of the store, version by version. Version 2 added history, version 3 whose requests a step made, version 4
the ledger and who lifted a stop, version 5 the cases that made one hold; what earlier ones wrote stays readable.

History is append-only, which triggers enforce: no row of `looks`, `history`, `changes` or `watched` is ever changed or
removed. `present` alone is derived, the open end of each fact, so that a look is compared with what stands and not
with all that ever was.
"""

from __future__ import annotations

SCHEMA_VERSION = 5
APPLICATION = 0x41554454  # "AUDT", in the file's header: SQLite's application_id
PAGE_SIZE = 512
"""Bytes in a page of a new store. SQLite writes whole pages, and a quiet round touches few rows: in pages of 4096 it
would write six times as much. A store keeps the size that it was made with."""

_FIRST = (
    "CREATE TABLE contents (id TEXT PRIMARY KEY, kind TEXT NOT NULL, data BLOB NOT NULL)",
    """CREATE TABLE runs (
    id TEXT PRIMARY KEY, at TEXT NOT NULL, source TEXT NOT NULL, state TEXT NOT NULL,
    snapshot TEXT, report TEXT, plan TEXT, outcome TEXT NOT NULL DEFAULT '')""",
    "CREATE TABLE plans (id TEXT PRIMARY KEY, run TEXT NOT NULL REFERENCES runs(id), data BLOB NOT NULL)",
    """CREATE TABLE approvals (
    id TEXT PRIMARY KEY, run TEXT NOT NULL REFERENCES runs(id), plan TEXT NOT NULL, data BLOB NOT NULL,
    consumed_at TEXT)""",
    """CREATE TABLE claims (
    run TEXT NOT NULL REFERENCES runs(id), interrupt TEXT NOT NULL, approval TEXT NOT NULL, holder TEXT NOT NULL,
    token TEXT NOT NULL, lease_until REAL NOT NULL, PRIMARY KEY (run, interrupt))""",
    "CREATE TABLE journal (plan TEXT NOT NULL, step INTEGER NOT NULL, state TEXT NOT NULL, PRIMARY KEY (plan, step))",
    """CREATE TABLE journal_lines (
    number INTEGER PRIMARY KEY, plan TEXT NOT NULL, step INTEGER NOT NULL, at TEXT NOT NULL, state TEXT NOT NULL,
    detail TEXT NOT NULL)""",
    """CREATE TABLE refusals (
    number INTEGER PRIMARY KEY, run TEXT NOT NULL, at TEXT NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL)""",
)

_KEPT = ("looks", "history", "changes", "watched")

_HISTORY = (
    # What repeats is written once and goes by its number: scopes, objects, and the words of facts and values.
    "CREATE TABLE scopes (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE)",
    """CREATE TABLE subjects (
    number INTEGER PRIMARY KEY, scope INTEGER NOT NULL, uid TEXT NOT NULL, subject TEXT NOT NULL,
    UNIQUE (scope, uid, subject))""",
    "CREATE TABLE words (number INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)",
    # One look at a scope: `digest` of what it saw, `unseen` (a word) where it was not whole, `late` if a newer is kept.
    """CREATE TABLE looks (
    scope INTEGER NOT NULL, number INTEGER NOT NULL, moment TEXT NOT NULL, run TEXT NOT NULL, digest BLOB NOT NULL,
    unseen INTEGER NOT NULL, late INTEGER NOT NULL, PRIMARY KEY (scope, number)) WITHOUT ROWID""",
    # From this look on the fact had this value (a word); NULL: the look did not see it any more.
    """CREATE TABLE history (
    subject INTEGER NOT NULL, fact INTEGER NOT NULL, look INTEGER NOT NULL, value INTEGER,
    PRIMARY KEY (subject, fact, look)) WITHOUT ROWID""",
    """CREATE TABLE present (
    scope INTEGER NOT NULL, subject INTEGER NOT NULL, fact INTEGER NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY (scope, subject, fact)) WITHOUT ROWID""",
    """CREATE TABLE changes (
    number INTEGER PRIMARY KEY, scope INTEGER NOT NULL, id TEXT NOT NULL, look INTEGER NOT NULL, uid TEXT NOT NULL,
    root TEXT NOT NULL, data BLOB NOT NULL, UNIQUE (scope, id))""",
    # An interval in which a log could have seen the scope; `log` is the word that says which.
    """CREATE TABLE watched (
    scope INTEGER NOT NULL, log INTEGER NOT NULL, since TEXT NOT NULL, until TEXT NOT NULL, look INTEGER NOT NULL,
    PRIMARY KEY (scope, log, since, until)) WITHOUT ROWID""",
    *(
        f"CREATE TRIGGER {table}_no_{act} BEFORE {act} ON {table}"
        " BEGIN SELECT RAISE(ABORT, 'history is append-only'); END"
        for table in _KEPT
        for act in ("UPDATE", "DELETE")
    ),
)

_ACTS = (
    # The audit id of a step's requests, chosen at its intent, and the user that they are made as.
    "ALTER TABLE journal ADD COLUMN write_id TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE journal ADD COLUMN actor TEXT NOT NULL DEFAULT ''",
)

_LEDGER = (
    # One entry of the ledger: its body in canonical JSON, the SHA-256 of the entry before, its own, and the
    # installation's signature over its own, which makes each entry a signed head.
    """CREATE TABLE ledger (
    number INTEGER PRIMARY KEY, body BLOB NOT NULL, before BLOB NOT NULL, hash BLOB NOT NULL,
    signature BLOB NOT NULL)""",
    # Who lifted a stop rule of the policy, in which scope, and the case that made it stop.
    """CREATE TABLE lifts (
    id TEXT PRIMARY KEY, scope TEXT NOT NULL, stop TEXT NOT NULL, cause TEXT NOT NULL, person TEXT NOT NULL,
    how TEXT NOT NULL, at TEXT NOT NULL, reason TEXT NOT NULL)""",
    *(
        f"CREATE TRIGGER {table}_no_{act} BEFORE {act} ON {table}"
        f" BEGIN SELECT RAISE(ABORT, '{table}: append-only'); END"
        for table in ("ledger", "lifts")
        for act in ("UPDATE", "DELETE")
    ),
)

_STOPS = (
    # A look saw the cause of a stop rule (`seen`), or saw that it is no more (`gone`); a case keeps its id until it was
    # lifted and comes again, or is larger than the one that was lifted.
    """CREATE TABLE stops (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL, scope TEXT NOT NULL, stop TEXT NOT NULL, cause TEXT NOT NULL,
    size REAL NOT NULL, state TEXT NOT NULL, run TEXT NOT NULL, at TEXT NOT NULL, detail TEXT NOT NULL)""",
    *(
        f"CREATE TRIGGER stops_no_{act} BEFORE {act} ON stops BEGIN SELECT RAISE(ABORT, 'stops: append-only'); END"
        for act in ("UPDATE", "DELETE")
    ),
)

STEPS: dict[int, tuple[str, ...]] = {0: _FIRST, 1: _HISTORY, 2: _ACTS, 3: _LEDGER, 4: _STOPS}
"""What leads from each version to the next."""
