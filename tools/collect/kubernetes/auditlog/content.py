"""What was written, as a log holds it: the object afterwards, and what the request said of it."""

from __future__ import annotations

import hashlib
import zlib
from functools import lru_cache
from typing import Literal, NamedTuple

import msgspec

from tools.collect.kubernetes.auditlog import wire
from tools.collect.kubernetes.auditlog.leaves import Leaves, leaves_of, leaves_of_operations
from tools.collect.kubernetes.auditlog.masking import masked
from tools.model.change import Act

Form = Literal["object", "patch", "apply", "operations", "leaves"]
"""What a body is: a whole object, a merge patch, a server-side apply (the fields that its manager wants), a JSON patch;
or the leaves of an object that patches were laid over."""
_CACHED = 512
_EPHEMERAL = "/spec/ephemeralContainers/"


class Content(NamedTuple):
    """The numbers of the object afterwards and of what the request said (0: not in the log), and the generation."""

    after: int = 0
    asked: int = 0
    generation: int = 0


class Contents:
    """Bodies by number: equal ones are kept once, compressed, and taken apart when they are asked for."""

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}
        self._forms: list[Form] = []
        self._packed: list[bytes] = []
        self.leaves = lru_cache(_CACHED)(self._leaves)

    def of(self, act: Act, asked: wire.Body | None, made: wire.Body | None, event: wire.Event) -> Content:
        """What an event holds of what was written. Raises `msgspec.DecodeError`."""
        after = generation = 0
        if made is not None and made.kind not in ("Scale", "Status") and wire.first_of(made.spec):
            after = self._number("object", made.spec)
            generation = (made.metadata.generation or 0) if made.metadata is not None else 0
        if asked is not None and asked.kind not in ("DeleteOptions", "Eviction"):
            whole: Form = "object" if event.verb in ("create", "update") and act != "scale" else "patch"
            form: Form = "apply" if whole == "patch" and asked.kind and act != "scale" else whole
            return Content(after, self._number(form, asked.spec), max(generation, 0))
        if wire.first_of(event.request_object) == b"[":
            return Content(after, self._number("operations", event.request_object), max(generation, 0))
        return Content(after, 0, max(generation, 0))

    def form(self, number: int) -> Form:
        """What a body was."""
        return self._forms[number - 1]

    def overlaid(self, before: int, asked: int, leaves: Leaves) -> int:
        """The number of an object as it is after a patch: what was before, with the patch's leaves."""
        digest = hashlib.blake2b(f"{before} {asked}".encode(), digest_size=16).digest()
        if digest not in self._numbers:
            merged = dict(self.leaves(before))
            for path, value in leaves.items():
                if value is None:
                    for gone in [p for p in merged if p == path or p.startswith(f"{path}/")]:
                        del merged[gone]
                else:
                    merged[path] = value
            self._add(digest, "leaves", msgspec.json.encode(merged))
        return self._numbers[digest]

    def debugged(self, content: Content) -> tuple[str, str]:
        """The name and the command of the ephemeral container that a request added: the last that it lists."""
        leaves = self.leaves(content.asked) if content.asked else {}
        names = [path.removeprefix(_EPHEMERAL).partition("/")[0] for path in leaves if path.startswith(_EPHEMERAL)]
        if not names:
            return "", ""
        start = f"{_EPHEMERAL}{names[-1]}/command/"
        words = [msgspec.json.decode(text or '""') for path, text in leaves.items() if path.startswith(start)]
        return names[-1], masked(" ".join(map(str, words)))

    def _number(self, form: Form, raw: msgspec.Raw) -> int:
        digest = hashlib.blake2b(raw, digest_size=16, person=form.encode()).digest()
        return self._numbers.get(digest) or self._add(digest, form, bytes(raw))

    def _add(self, digest: bytes, form: Form, raw: bytes) -> int:
        self._packed.append(zlib.compress(raw, 1))
        self._forms.append(form)
        self._numbers[digest] = len(self._packed)
        return len(self._packed)

    def _leaves(self, number: int) -> Leaves:
        """A body's leaves; none where it can't be read."""
        raw, form = zlib.decompress(self._packed[number - 1]), self._forms[number - 1]
        if form == "leaves":
            return msgspec.json.decode(raw, type=Leaves)
        if not raw:
            return {}
        if form == "operations":
            return leaves_of_operations(raw)
        leaves = leaves_of(raw)
        if form == "object":  # null is how an object says that a field is not set
            return {path: value for path, value in leaves.items() if value is not None}
        return leaves
