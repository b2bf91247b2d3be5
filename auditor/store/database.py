"""The database file: where it is, who may read it, its tables, and transactions that are durable when they return."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.store.schema import APPLICATION, PAGE_SIZE, SCHEMA_VERSION, STEPS
from tools.errors import AuditorError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def default_path() -> Path:
    """`$AUDITOR_STORE`, else `auditor/store.db` in the user's state directory (XDG base directory specification)."""
    named = os.environ.get("AUDITOR_STORE")
    if named:
        return Path(named)
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state) / "auditor" / "store.db"


class Database:
    """One open store. Raises `AuditorError` where the file can't be used or is of another version."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.key: Ed25519PrivateKey | None = None  # the ledger's, once something was recorded
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600)
            self._refuse_others(path)
            self._look_first(path)
            self.connection = sqlite3.connect(path, isolation_level=None, timeout=30)
            self.connection.execute(f"PRAGMA page_size={PAGE_SIZE}")  # of a new file; another keeps its own
            self.connection.execute("PRAGMA journal_mode=WAL")
            self.connection.execute("PRAGMA synchronous=FULL")
            self.connection.execute("PRAGMA foreign_keys=ON")
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from error
        with self.transaction() as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            self._refuse_version(path, version)  # another process may have been here since the look
            for step in range(version, SCHEMA_VERSION):
                for statement in STEPS[step]:
                    connection.execute(statement)
            if version != SCHEMA_VERSION:
                connection.execute(f"PRAGMA application_id={APPLICATION}")
                connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")

    @staticmethod
    def _look_first(path: Path) -> None:
        """Refuse a file that is another program's, or of another version, before anything is written to it."""
        if path.stat().st_size == 0:
            return
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            application = connection.execute("PRAGMA application_id").fetchone()[0]
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            empty = not connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
        if empty and application == version == 0:
            return  # another process is making it, or was killed before its first table was there
        if application != APPLICATION or version == 0:
            raise AuditorError(f"{path} is no store of this program", mend="name another with --store or AUDITOR_STORE")
        Database._refuse_version(path, version)

    @staticmethod
    def _refuse_version(path: Path, version: int) -> None:
        """Older versions are brought up to date; of a newer one nobody here knows what it means."""
        if not 0 <= version <= SCHEMA_VERSION:
            raise AuditorError(
                f"the store {path} is of version {version}; this program reads up to {SCHEMA_VERSION}",
                mend="use the version of the program that wrote it, or another store",
            )

    def _unusable(self, error: Exception) -> AuditorError:
        return unusable(error, self.path)

    @staticmethod
    def _refuse_others(path: Path) -> None:
        """Whoever can write the store can forge an approval in it: it must be its owner's alone."""
        status = path.stat()
        if status.st_uid != os.geteuid() or status.st_mode & 0o077:
            raise AuditorError(
                f"the store {path} is not yours alone",
                f"owner {status.st_uid}, mode {status.st_mode & 0o777:o}: others could forge approvals in it",
                f"chown it to yourself and chmod 600 {path}",
            )

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A write transaction that begins at once (no other writer can slip in) and is durable at its end. Inside
        another one it is a part of that: all of it is written, or nothing."""
        inside = self.connection.in_transaction
        if inside:
            yield self.connection
            return
        try:
            self.connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise self._unusable(error) from error
        try:
            yield self.connection
            self.connection.execute("COMMIT")
        except BaseException as error:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise self._unusable(error) from error
            raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Reading, with what goes wrong in the file as an `AuditorError`."""
        try:
            yield self.connection
        except sqlite3.Error as error:
            raise self._unusable(error) from error


def unusable(error: Exception, path: Path) -> AuditorError:
    """The error of a file of the store that can't be used."""
    return AuditorError(f"the store {path} can't be used", *_told(error, path))


def _told(error: Exception, path: Path) -> tuple[str, str]:
    """Why the file can't be used, and what to do about it."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary code of an extended one
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _full(path)):
        return "the disk is full", "free some space, and run it again: nothing of this command was kept"
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return "another process has it locked", "wait for that process, and run it again"
    if code == sqlite3.SQLITE_READONLY or getattr(error, "errno", 0) == errno.EROFS:
        return str(error), "make its disk writable, or choose another with --store or AUDITOR_STORE"
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return str(error), "put a copy of it back, or move it away: a new one begins without its runs and approvals"
    return str(error), "choose another with --store or AUDITOR_STORE, or move this one away"


def _full(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < PAGE_SIZE * 64
    except OSError:
        return False
