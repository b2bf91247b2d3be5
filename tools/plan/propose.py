"""From a finding, or a person's wish, to typed actions of the closed union."""

from __future__ import annotations

from typing import Literal

import msgspec

from tools.check import AnyCheck, View
from tools.errors import Refused
from tools.model.action import Action
from tools.model.report import Finding
from tools.plan import cordon, drain, pause, redeploy, replace, replace_node

Proposal = tuple[tuple[Action, ...], str, tuple[str, ...]]
"""Actions in their order, why they are proposed, and what a person must mind."""

WISHED = "a person asks for it"


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person asks for, whatever was found: `subject` is a host's name, `namespace/name` of an instance or of a
    workload, or a run (`undo`)."""

    kind: Literal["cordon", "uncordon", "drain", "replace", "replace-node", "pause", "resume", "undo"]
    subject: str
    delete_local_data: bool = False


def propose(finding: Finding, view: View, checks: list[AnyCheck], to: str = "") -> Proposal:
    """The actions that a finding's remedy asks for, with why and with what does not come back. Raises `Refused`."""
    if finding.remedy == "redeploy-prior-release":
        return redeploy.propose(finding, view, checks, to)
    if finding.remedy == "cordon":
        return cordon.propose(finding, view, to)
    if finding.remedy == "replace-instance":
        return replace.propose(finding, view, to)
    raise Refused(
        "no-remedy",
        f"{finding.check} ({finding.code}) has no remedy that this tool carries out",
        mend="auditor explain says how a person mends it",
    )


def wished(wish: Wish, scope: str, view: View) -> Proposal:
    """What a person asks for. Raises `Refused` where it is so already, or where its subject is not there."""
    match wish.kind:
        case "cordon" | "uncordon":
            return cordon.wished(wish.kind, wish.subject, scope, view), WISHED, cordon.notes_of(wish.kind)
        case "drain":
            return drain.wished(wish.subject, scope, view, wish.delete_local_data), WISHED, drain.NOTES
        case "replace":
            return replace.wished(wish.subject, scope, view, wish.delete_local_data), WISHED, replace.NOTES
        case "replace-node":
            return replace_node.wished(wish.subject, view, wish.delete_local_data)
        case "pause" | "resume":
            return pause.wished(wish.kind, wish.subject, scope, view), WISHED, ()
    raise Refused("no-remedy", f"{wish.kind} is planned from a run, not from a snapshot")
