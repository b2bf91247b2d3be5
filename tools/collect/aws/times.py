"""Times as text, whatever AWS writes them as."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any


def text_of(value: Any) -> str:
    """A time as RFC 3339 text: what is text stays as it is, seconds of Unix (JSON services send them) become it."""
    if isinstance(value, datetime):
        return _written(value if value.tzinfo else value.replace(tzinfo=UTC))
    if isinstance(value, str) and not value.replace(".", "", 1).isdigit():
        return sys.intern(value)
    return _written(datetime.fromtimestamp(float(value), UTC))


def _written(moment: datetime) -> str:
    fine = "milliseconds" if moment.microsecond else "seconds"
    return moment.astimezone(UTC).isoformat(timespec=fine).replace("+00:00", "Z")
