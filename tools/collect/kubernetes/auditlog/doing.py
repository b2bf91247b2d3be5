"""Who did what to which object, as an event says it."""

from __future__ import annotations

import msgspec

from tools.collect.kubernetes.auditlog import wire
from tools.model.change import Act, Actor
from tools.model.identity import Ref

AGENT = "auditor"
"""What this product's requests call themselves, as field manager and user agent (tools/collect/kubernetes/api.py)."""
PLAN = "auditor/plan"
"""The annotation by which what this product writes names its plan (tools/execute/executor.py)."""


class Doing(msgspec.Struct, frozen=True, gc=False):
    """Who did what to which object: what equal acts have in common."""

    ref: Ref
    act: Act
    actor: Actor
    tool: str = ""
    container: str = ""
    command: str = ""
    plan: str = ""
    note: str = ""
    verb: str = ""


def quiet(act: Act, kind: str, actor: Actor) -> bool:
    """Whether an act is a controller's own work on pods, or a node's on itself and its pods: not kept."""
    if actor.impersonator or actor.kind != "controller":
        return False
    if kind == "Pod":
        return act in ("create", "write", "delete")
    return kind == "Node" and actor.name.startswith("system:node:")


def plan_of(asked: wire.Body | None, raw: msgspec.Raw) -> str:
    """The plan that a request names in its annotations, whether it is an object, a merge patch or a JSON patch. Raises
    `msgspec.DecodeError`."""
    if asked is not None:
        notes = asked.metadata.annotations if asked.metadata is not None else None
        return (notes or {}).get(PLAN) or ""
    if wire.first_of(raw) != b"[":
        return ""
    for step in msgspec.json.decode(raw, type=list[dict[str, object]]):
        path, value = step.get("path"), step.get("value")
        if path == "/metadata/annotations" and isinstance(value, dict):
            return str(value.get(PLAN) or "")
        if path == f"/metadata/annotations/{PLAN.replace('/', '~1')}":
            return str(value or "")
    return ""
