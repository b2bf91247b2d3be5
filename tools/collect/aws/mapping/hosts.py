"""The host that a command names: the one part of a URL that is kept of it."""

from __future__ import annotations

import re

_URL = re.compile(r"""(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*://([^\s"'`|;<>)]*)""", re.IGNORECASE)
_HOST = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]|\d{1,3}(?:\.\d{1,3}){3}", re.IGNORECASE
)
_SCP = re.compile(r"git@([A-Za-z0-9.-]+):")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,62}")


def host_of(text: str) -> str | None:
    """The host that a URL, or a git remote, in a text names: nothing of its path, query or credentials. None where it
    names none, or where what could be a password makes that unsure."""
    remote = _SCP.search(text)
    if remote is not None:
        return remote[1] if _HOST.fullmatch(remote[1]) else None
    found = _URL.search(text)
    if found is None:
        return None
    authority, _, rest = re.sub(r"[?#].*", "", found[1]).partition("/")
    if "@" in rest.partition("/")[0] and ":" in authority:  # a password with a slash in it
        return None
    host = authority.rpartition("@")[2].partition(":")[0]
    if found[0].lower().startswith("s3://"):
        return f"s3://{host}" if _BUCKET.fullmatch(host) and "@" not in authority else None
    return host if len(host) < 254 and _HOST.fullmatch(host) else None
