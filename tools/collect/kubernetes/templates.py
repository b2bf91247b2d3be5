"""Templates: the content of a release, as a digest that does not depend on what controllers add."""

from __future__ import annotations

import hashlib

import msgspec

HASHES = (
    "pod-template-hash",
    "controller-revision-hash",
    "rollouts-pod-template-hash",
    "job-name",
    "controller-uid",
)
"""The labels that controllers add to the template of a release; a Job's are also below `batch.kubernetes.io/`."""

_JOBS = "batch.kubernetes.io/"


def digest_of(template: msgspec.Raw) -> str:
    """The content of a template without what its controller adds (hash labels; the `$patch` of a ControllerRevision):
    equal templates, equal digests."""
    plain = msgspec.json.decode(template)
    plain.pop("$patch", None)
    meta = plain.get("metadata") or {}
    labels = {k: v for k, v in (meta.get("labels") or {}).items() if k not in HASHES and not k.startswith(_JOBS)}
    plain["metadata"] = {**{k: v for k, v in meta.items() if k != "creationTimestamp"}, "labels": labels}
    return hashlib.sha256(msgspec.json.encode(plain, order="deterministic")).hexdigest()
