"""Which fields a write changed, from what to what: each object is followed through the log, write by write.

Two versions of an object are compared only where nothing can lie between them: the second's `metadata.generation` is
the first's plus one. Else the request's own leaves are said, without what was there before, and where the request was a
whole object, nothing is: what somebody else wrote, and the log does not hold, is never laid at this writer's door.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import msgspec

from tools.collect.kubernetes.auditlog.content import Contents
from tools.collect.kubernetes.auditlog.known import Name
from tools.collect.kubernetes.auditlog.leaves import Leaves, named, shown
from tools.collect.kubernetes.auditlog.records import Record
from tools.model.change import Act, FieldChange
from tools.model.identity import Ref

Fields = tuple[FieldChange, ...]
_REMEMBERED = 4
"""How many versions of an object are remembered: concurrent writes may be received in another order than they won."""
_WRITING = ("create", "write", "scale", "ephemeral-container", "resize")


class _State:
    """What is known of one object: its versions (generation → content) as responses held them, the newest content, also
    as patches changed it, and how many of these came after the newest version."""

    __slots__ = ("newest", "patched", "uid", "versions")

    def __init__(self, uid: str) -> None:
        self.uid, self.versions, self.newest, self.patched = uid, dict[int, int](), 0, 0

    def keep(self, generation: int, content: int) -> None:
        """Remember a version that a response held."""
        self.versions[generation] = self.newest = content
        self.patched = 0
        while len(self.versions) > _REMEMBERED:
            del self.versions[min(self.versions)]


class Comparing:
    """Follows objects through records in their order."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self._states: dict[Name, _State] = {}
        self._compared = lru_cache(4096)(self._compare)
        self._said = lru_cache(4096)(self._say)

    def fields(self, record: Record, act: Act, ref: Ref) -> Fields | None:
        """What a record's act wrote; None where the log does not hold that, or holds what can't be taken apart; empty
        where it was no specification."""
        try:
            return self._fields(record, act, ref)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self._states.pop((ref.kind, ref.namespace, ref.name), None)
            return None

    def _fields(self, record: Record, act: Act, ref: Ref) -> Fields | None:
        name = (ref.kind, ref.namespace, ref.name)
        if act == "delete":
            self._states.pop(name, None)
        if act not in _WRITING:
            return ()
        state = self._states.get(name)
        if state is None or act == "create" or (state.uid and ref.uid and state.uid != ref.uid):
            state = self._states[name] = _State(ref.uid)
        if act == "create":
            return self._created(record, state)
        if record.after:
            return self._changed(record, state)
        if not record.asked or self._is_object(record.asked):  # what a whole object changed only the one before tells
            del self._states[name]
            return None
        fields = self._said(state.newest, record.asked, created=False)
        if state.newest and fields:
            leaves = named(self._contents.leaves(record.asked), self._contents.leaves(state.newest))
            state.newest = self._contents.overlaid(state.newest, record.asked, leaves)
            state.patched += 1
        return fields

    def _created(self, record: Record, state: _State) -> Fields | None:
        if record.after:
            state.keep(record.generation, record.after)
        elif self._is_object(record.asked):  # as it was asked for, without the API's defaults
            state.newest = record.asked
        return self._said(0, state.newest, created=True) if state.newest else None

    def _changed(self, record: Record, state: _State) -> Fields | None:
        """What a write changed whose object afterwards is in the log."""
        generation, after = record.generation, record.after
        newest, before, patched = state.newest, state.versions.get(generation - 1, 0), state.patched
        known = max(state.versions, default=0)
        same = state.versions.get(generation, 0)
        state.keep(generation, after)
        asked = record.asked if record.asked and not self._is_object(record.asked) else 0
        if not generation:  # a kind without generations (nodes)
            if asked:
                return self._said(newest, asked, created=False)
            return self._compared(same, after) if same else None
        if same:
            return ()
        if before:
            return self._compared(before, after)
        counted = known and generation - known == patched + 1
        return self._said(newest if counted else 0, asked, created=False) if asked else None

    def _is_object(self, asked: int) -> bool:
        return bool(asked) and self._contents.form(asked) == "object"

    def _compare(self, before: int, after: int) -> Fields:
        old, new = self._contents.leaves(before), self._contents.leaves(after)
        return tuple(
            FieldChange(path, shown(path, old.get(path)), shown(path, new.get(path)))
            for path in sorted(old.keys() | new.keys())
            if old.get(path) != new.get(path)
        )

    def _say(self, before: int, asked: int, *, created: bool) -> Fields:
        """What a request said: of a new object only what runs and how often."""
        leaves = self._contents.leaves(asked)
        if created:
            leaves = dict(_of_new(leaves))
        old = self._contents.leaves(before) if before else {}
        declared = bool(before) and self._contents.form(asked) == "apply"
        return tuple(
            FieldChange(path, shown(path, old.get(path)), shown(path, value))
            for path, value in sorted(named(leaves, old).items(), key=lambda leaf: leaf[0])
            if not (declared and old.get(path) == value)
        )


def _of_new(leaves: Leaves) -> Iterator[tuple[str, str | None]]:
    for path, value in leaves.items():
        if path == "/spec/replicas" or (path.endswith("/image") and "ontainers/" in path):
            yield path, value
