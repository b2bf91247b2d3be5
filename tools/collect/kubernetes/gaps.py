"""What one scope's collection could not see, as gaps: from failed lists, broken items and kinds that are not read."""

from __future__ import annotations

from collections.abc import Iterator

from tools.collect.kubernetes.decode import READ, Decoded
from tools.collect.kubernetes.mapping import Mapping
from tools.model.observation import Gap

NOUNS = {kind: noun for kind, (_, _, noun) in READ.items() if noun}
EVERY = sorted({*NOUNS.values()} - {"Change"})
"""The nouns that suffer where nobody can tell what an object was. (Events are weak evidence, and expire.)"""
OPTIONAL = ("Rollout", "PodDisruptionBudget", "Event")
"""The kinds that an ordinary reader account may not be allowed to list, or a cluster may not have."""
FIRST = ("Pod", "ReplicaSet", "Deployment", "Node")
"""The kinds that a recording must hold; that it holds no list of another kind is said, and no more."""
OWNERS_NOUN = "Workload"
_MEND = {
    "unauthorized": "renew the credentials (kubectl auth whoami says who they are)",
    "forbidden": "grant the reading ClusterRole (deploy/kubernetes/reader.yaml)",
    "timeout": "try again, or raise `timeout` in auditor.toml",
    "truncated": "try again; look for a proxy between here and the API server",
    "expired": "try again when fewer objects change",
}


def of_failure(scope: str, kind: str, code: str, reason: str) -> Gap:
    """A list that could not be read."""
    return Gap(
        scope=scope,
        noun=NOUNS[kind],
        kind=narrowed(kind),
        code=code,
        required=kind not in OPTIONAL or code not in ("forbidden", "not-found"),
        reason=f"{kind} list not read: {reason}",
        mend=_MEND.get(code, ""),
    )


def not_recorded(scope: str, decoded: Decoded) -> Iterator[Gap]:
    """A kind of which a recording holds no list and no object: nobody knows whether there were any."""
    for kind, noun in NOUNS.items():
        if kind not in decoded.listed and not decoded.objects[kind]:
            yield Gap(
                scope=scope,
                noun=noun,
                kind=narrowed(kind),
                code="not-recorded",
                required=kind in FIRST,
                reason=f"the recording holds no {kind} list",
                mend=f"record {kind}s too",
            )


def narrowed(kind: str) -> str:
    """The kind that a gap is narrowed to: a Deployment misses no ControllerRevision. Instances, hosts and budgets are
    of one kind each, and looked for without it."""
    return kind if NOUNS[kind] in ("Change", "Release", "Workload") else ""


def of_decoding(scope: str, decoded: Decoded) -> Iterator[Gap]:
    """Items that are broken, doubled, of another version or of another page."""
    for kind, place in decoded.broken:
        for noun in EVERY if not kind else [NOUNS.get(kind, "")]:
            yield Gap(
                scope=scope,
                noun=noun,
                kind=narrowed(kind) if kind in NOUNS else "",
                code="broken",
                reason=f"an object can't be read: {place}",
                count=1,
                required=noun not in ("", "Change"),
                mend="record it again; if the cluster gives it so, report it",
            )
    for kind, place in decoded.doubled:
        if kind in NOUNS:
            yield Gap(
                scope=scope,
                noun=NOUNS[kind],
                kind=narrowed(kind),
                code="doubled-uid",
                reason=f"two objects have one uid: {place}",
                count=1,
                required=kind != "Event",
            )
    for (kind, version), count in sorted(decoded.versions.items()):
        if kind in NOUNS:
            yield Gap(
                scope=scope,
                noun=NOUNS[kind],
                kind=narrowed(kind),
                code="unknown-version",
                count=count,
                required=kind not in OPTIONAL,
                reason=f"{count} {kind} of apiVersion {version or '(none)'} not read; {READ[kind][0]} is",
                mend=f"record it as {READ[kind][0]}",
            )
    for kind, remaining in decoded.pages:
        for noun in [NOUNS[kind]] if kind in NOUNS else EVERY:
            yield Gap(
                scope=scope,
                noun=noun,
                kind=narrowed(kind) if kind in NOUNS else "",
                code="truncated",
                count=remaining,
                required=kind != "Event",
                reason=f"the {kind or 'mixed'} list was recorded with a continue token: more pages follow",
                mend="record all pages (kubectl does; raw API calls need the continue token)",
            )


def of_relations(scope: str, mapping: Mapping, decoded: Decoded) -> Iterator[Gap]:
    """Owners of kinds that are not read yet, relations that dangle, other kinds, and what no list can show."""
    for (kind, version), count in sorted(mapping.owners.items()):
        yield Gap(
            scope=scope,
            noun=OWNERS_NOUN,
            kind=kind,
            code="not-read-yet",
            count=count,
            required=False,
            reason=f"{count} owned by {kind}{version and f' ({version})'}, a kind that is not read",
        )
    for (kind, namespace), count in sorted(mapping.dangling.items()):
        yield Gap(
            scope=scope,
            noun=NOUNS[kind],
            namespace=namespace,
            kind=narrowed(kind),
            code="dangling",
            count=count,
            required=kind in decoded.listed,
            reason=f"{count} in {namespace or 'the cluster'} refer to a {kind} that is in no list that was read",
            mend="" if kind in decoded.listed else f"record {kind}s too",
        )
    for kind, count in sorted(decoded.unread.items()):
        yield Gap(
            scope=scope,
            noun="",
            kind=kind,
            code="not-read-yet",
            count=count,
            required=False,
            reason=f"{count} {kind} not read yet",
        )
    yield Gap(
        scope=scope,
        noun="Change",
        code="not-given",
        required=False,
        reason="no audit log was given: who changed what, and what was run inside an instance, is not in the API",
    )
