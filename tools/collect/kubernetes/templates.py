"""Templates and rollouts: the content of a release, and how far its rollout is."""

from __future__ import annotations

import hashlib

import msgspec

from tools.collect.kubernetes import wire
from tools.model.nouns import Rollout


def digest_of(template: msgspec.Raw) -> str:
    """The content of a template without the hash label that the controller adds: equal templates, equal digests."""
    plain = msgspec.json.decode(template)
    meta = plain.get("metadata") or {}
    labels = {k: v for k, v in (meta.get("labels") or {}).items() if k != "pod-template-hash"}
    plain["metadata"] = {**{k: v for k, v in meta.items() if k != "creationTimestamp"}, "labels": labels}
    return hashlib.sha256(msgspec.json.encode(plain, order="deterministic")).hexdigest()


def rollout_of(status: wire.DeploymentStatus) -> Rollout:
    """A Deployment's status as the domain's rollout."""
    conditions = status.conditions or []
    index = next((i for i, c in enumerate(conditions) if c.type == "Progressing"), None)
    progressing = None if index is None else conditions[index]
    return Rollout(
        updated=status.updated_replicas,
        replicas=status.replicas,
        available=status.available_replicas,
        generation_seen=status.observed_generation,
        progressing=progressing.status if progressing else None,
        reason=(progressing.reason or "") if progressing else "",
        message=(progressing.message or "") if progressing else "",
        since=(progressing.last_transition_time or "") if progressing else "",
        condition_slot=f"/status/conditions/{index}" if progressing else "",
    )
