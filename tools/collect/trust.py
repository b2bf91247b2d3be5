"""Whose signatures count: the keys that somebody declared."""

from __future__ import annotations

import msgspec


class TrustedKey(msgspec.Struct, frozen=True):
    """A key that somebody declared as trusted: what its holder goes by, and the public key or certificate as PEM."""

    name: str
    pem: str
