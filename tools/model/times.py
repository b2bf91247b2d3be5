"""Times as the sources write them: RFC 3339 text, empty where it was not reported."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache


@lru_cache(maxsize=4096)
def parsed(text: str) -> datetime | None:
    """A time with its zone; None for a text that is none (empty, the 30th of February, without a zone)."""
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        return None
    return told if told.tzinfo is not None else None
