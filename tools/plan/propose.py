"""From a finding, or a person's wish, to typed actions of the closed union."""

from __future__ import annotations

from tools.check import AnyCheck, View
from tools.errors import Refused
from tools.model.action import Action, Cordon, Uncordon
from tools.model.report import Finding
from tools.plan import cordon, redeploy

Proposal = tuple[tuple[Action, ...], str, tuple[str, ...]]
"""Actions in their order, why they are proposed, and what a person must mind."""


def propose(finding: Finding, view: View, checks: list[AnyCheck], to: str = "") -> Proposal:
    """The actions that a finding's remedy asks for, with why and with what does not come back. Raises `Refused`."""
    if finding.remedy == "redeploy-prior-release":
        return redeploy.propose(finding, view, checks, to)
    if finding.remedy == "cordon":
        return cordon.propose(finding, view, to)
    raise Refused(
        "no-remedy",
        f"{finding.check} ({finding.code}) has no remedy that this tool carries out",
        mend="auditor explain says how a person mends it",
    )


def wished(kind: str, name: str, scope: str, view: View) -> Proposal:
    """`cordon` or `uncordon` of a host that a person names. Raises `Refused` where it is so already."""
    host = cordon.host_named(name, scope, view)
    if kind == "cordon":
        if host.unschedulable:
            raise Refused("already-cordoned", f"{host.ref} is cordoned already")
        return (Cordon(host.ref),), "a person asks for it", cordon.NOTES
    if not host.unschedulable:
        raise Refused("not-cordoned", f"{host.ref} is not cordoned")
    return (Uncordon(host.ref),), "a person asks for it", ()
