"""A clock that went back: then hours, windows and expiries say nothing, so nothing is done until it is right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tools.errors import Refused

if TYPE_CHECKING:
    from auditor.store.database import Database

SKEW = timedelta(seconds=5)
"""How far a clock may be behind what it wrote: it is set right by steps as small as that all the time."""

_NEWEST = (
    "SELECT max(at) FROM (SELECT max(at) AS at FROM journal_lines UNION ALL SELECT max(at) FROM runs UNION ALL"
    " SELECT json_extract(CAST(body AS TEXT), '$.at') FROM ledger WHERE number = (SELECT max(number) FROM ledger"
    " WHERE json_valid(CAST(body AS TEXT))))"
)


def newest(database: Database) -> datetime | None:
    """The newest time that the store has kept of what was done here: runs, acts, and the ledger's last entry (of an
    approval, a lift or a refusal too). None in a new store."""
    with database.reading() as connection:
        text = connection.execute(_NEWEST).fetchone()[0]
    try:
        return datetime.strptime(text or "", "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def check_clock(database: Database, moment: datetime) -> None:
    """Raise `Refused` where a moment is before what was kept."""
    last = newest(database)
    if last is not None and moment < last - SKEW:
        raise Refused(
            "clock",
            f"the clock says {moment:%Y-%m-%dT%H:%M:%SZ} and went back: the store has kept {last:%Y-%m-%dT%H:%M:%SZ}",
            "hours, windows and expiries can't be told by it; nothing was done",
            "set the clock right (timedatectl set-ntp true), or wait until it is past that time",
        )
