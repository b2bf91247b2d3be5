"""What names a thing: the scope it was seen in, and its object reference."""

from __future__ import annotations

import msgspec


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """One cluster or account, read with one set of credentials.

    `id` is what fingerprints hang on: the uid of the kube-system namespace; for a recording without it, a declared
    name, and then `stable` is False. `name` is what people call it (the context, the file). `pointers` maps
    `"Noun.field"` to where the source's documents hold it, as a template that the noun's own `slot` fills; `moment`
    is when it was looked at, where several scopes are together (empty: at the facts' moment).
    """

    id: str
    name: str
    kind: str
    stable: bool = True
    recorded: bool = False
    pointers: dict[str, str] = {}
    moment: str = ""


class Ref(msgspec.Struct, frozen=True, gc=False, order=True):
    """An object reference: scope id, kind as the source writes it (`Pod`), namespace (empty where there is none),
    name, uid (empty where the source gives none)."""

    scope: str
    kind: str
    namespace: str
    name: str
    uid: str

    def __str__(self) -> str:
        return "/".join(part for part in (self.kind, self.namespace, self.name) if part)

    @property
    def identity(self) -> tuple[str, str]:
        """Scope and uid: what tells two objects apart, also across two recordings of one cluster."""
        return self.scope, self.uid

    @property
    def key(self) -> str:
        """Stable across recreation: kind, namespace and name, without the uid."""
        return f"{self.kind}/{self.namespace}/{self.name}"
