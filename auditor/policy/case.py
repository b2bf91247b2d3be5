"""The cases of stop rules: what a look saw that makes one hold, and what is remembered of it until somebody
lifts it."""

from __future__ import annotations

import msgspec


class Seen(msgspec.Struct, frozen=True):
    """What one look saw of a stop rule's cause: which rule (`when`), the cause's own name, how large it is (hosts that
    drift alike; percent that is not ready), and in words."""

    stop: str
    cause: str
    size: float
    detail: str


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A case in the store: as `Seen`, whether its newest look still saw it (`seen` or `gone`), in which run and when,
    and who lifted it (empty: nobody)."""

    id: str
    stop: str
    cause: str
    size: float
    state: str
    run: str
    at: str
    detail: str
    lifted: str = ""


class Held(msgspec.Struct, frozen=True):
    """A stop that holds: which, why in words, the case or run by which it can be lifted (empty: it can't be, as what is
    not known can't), and who may."""

    stop: str
    detail: str
    case: str
    by: tuple[str, ...]
