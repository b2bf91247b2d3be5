"""Sources: what `scheme:rest` or a path on the command line means, and the facts that are read from it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from tools.errors import UsageError
from tools.model.facts import Facts

SCHEMES = ("kubernetes",)


class Source(msgspec.Struct, frozen=True):
    """One source of evidence: a live cluster's context (empty: the current one), or a path to a recording."""

    context: str = ""
    kubeconfig: str = ""
    path: str = ""
    timeout: float = 30.0

    @property
    def live(self) -> bool:
        """Whether it is a cluster that answers now."""
        return not self.path


def parse_source(text: str, kubeconfig: str = "", timeout: float = 30.0) -> Source:
    """`kubernetes:CONTEXT`, `kubernetes:` for the current context, or a path. Raises `UsageError`."""
    scheme, colon, rest = text.partition(":")
    if colon and scheme in SCHEMES:
        return Source(context=rest, kubeconfig=kubeconfig, timeout=timeout)
    if Path(text).exists():
        return Source(path=text)
    if colon and scheme.isalpha() and len(scheme) > 1:
        raise UsageError(f"there is no kind of source called {scheme!r}", f"known: {', '.join(SCHEMES)}, or a path")
    raise UsageError(f"{text} does not exist", mend="name a recorded list, a folder of them, or kubernetes:CONTEXT")


def collect(source: Source, progress: Callable[[str], None] = lambda _: None) -> Facts:
    """Read a source. Raises `SourceError` where it can't be opened at all; what is missing in it is a gap."""
    if source.live:
        from tools.collect.kubernetes import live
        from tools.collect.kubernetes.api import connect

        return live.collect(connect(source.kubeconfig, source.context, source.timeout), progress)
    from tools.collect.kubernetes import recording

    return recording.collect(Path(source.path))


def merge(parts: list[Facts]) -> Facts:
    """The facts of several scopes as one. Raises `UsageError` where two of them are the same scope."""
    if len(parts) == 1:
        return parts[0]
    scopes = [scope for part in parts for scope in part.scopes]
    if len({scope.id for scope in scopes}) < len(scopes):
        raise UsageError("two of the sources are the same cluster", ", ".join(f"{s.name}: {s.id}" for s in scopes))
    names = ("scopes", "workloads", "releases", "instances", "hosts", "pools", "budgets", "changes", "watches", "gaps")
    joined = {name: tuple(thing for part in parts for thing in getattr(part, name)) for name in names}
    return Facts(moment=max(part.moment for part in parts), **joined)
