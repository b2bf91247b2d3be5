"""Plans cordon and uncordon of a host."""

from __future__ import annotations

from tools.check import View
from tools.errors import Refused
from tools.model.action import Cordon, Uncordon
from tools.model.nouns import Host
from tools.model.report import Finding

NOTES = ("what runs on the host goes on running there; the drift stays a finding until the host is replaced",)


def propose(finding: Finding, view: View, to: str = "") -> tuple[tuple[Cordon], str, tuple[str, ...]]:
    """Cordon the host that a finding is about; `to` names it where the finding has several. Raises `Refused`."""
    names = [ref.name for ref in finding.subjects]
    if to and to not in names:
        raise Refused("gone", f"the finding is not about host {to!r}", f"it is about {', '.join(names)}")
    host = host_named(to or names[0], finding.owner.scope, view)
    if host.unschedulable:
        raise Refused("already-cordoned", f"{host.ref} is cordoned already", mend="replace it")
    return (Cordon(host.ref),), f"it differs from its pool's baseline: {finding.message}", NOTES


def wished(kind: str, name: str, scope: str, view: View) -> tuple[Cordon | Uncordon]:
    """`cordon` or `uncordon` of a host that a person names. Raises `Refused` where it is so already."""
    host = host_named(name, scope, view)
    if kind == "cordon":
        if host.unschedulable:
            raise Refused("already-cordoned", f"{host.ref} is cordoned already")
        return (Cordon(host.ref),)
    if not host.unschedulable:
        raise Refused("not-cordoned", f"{host.ref} is not cordoned")
    return (Uncordon(host.ref),)


def notes_of(kind: str) -> tuple[str, ...]:
    """What a person must mind of a cordon."""
    return NOTES if kind == "cordon" else ()


def host_named(name: str, scope: str, view: View) -> Host:
    """A host by its name. Raises `Refused` where there is none."""
    for host in view.seen(Host):
        if host.ref.name == name and host.ref.scope == scope:
            return host
    missing = view.unseen("Host")
    if missing is not None:
        raise Refused("not-observed", f"host {name!r} was not seen", missing.reason, missing.mend)
    raise Refused("gone", f"there is no host {name!r} in what was read")
