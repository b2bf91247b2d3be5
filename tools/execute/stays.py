"""What does not come back with a template: the ConfigMaps and Secrets that it names stay as they are now. A plan says
which of them were written since the release was made, which are gone, and of which nobody could tell.

Each is read by its name, as metadata alone (`PartialObjectMetadata`), so that no `data` is sent. `kubectl apply` may
have left the values in an annotation: nothing but times and managers is decoded, and nothing is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from tools.collect.kubernetes.api import Api, ApiFailure
from tools.execute.references import Reference, Template, claims, lost, references
from tools.model.identity import Ref
from tools.model.times import parsed

GRANTS = "deploy/kubernetes/references.yaml"
RESOURCES = {"ConfigMap": "configmaps", "Secret": "secrets"}
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
"""What an object's name may be (RFC 1123 subdomain): of another one there is none, and it has no place in a path."""


class _Write(msgspec.Struct, frozen=True):
    manager: str = ""
    time: str = ""


class _Meta(msgspec.Struct, frozen=True, rename="camel"):
    creation_timestamp: str = ""
    managed_fields: tuple[_Write, ...] = ()


class _Partial(msgspec.Struct, frozen=True):
    metadata: _Meta
    kind: str = ""


class Seen(msgspec.Struct, frozen=True):
    """What was seen of a reference since the release was made: `written` and when by whom, `made` and when, `gone`,
    `unknown` and why, or `silent`: no write shows."""

    what: str
    detail: str = ""


def notes(api: Api, release: Ref, since: str, template: Template, replaced: Template) -> tuple[str, ...]:
    """What a person must mind who puts a release's template back: made at `since` (RFC 3339), in place of the template
    `replaced`."""
    seen = {one: look(api, release.namespace, one, since) for one in references(template)}
    told = [*_each(seen, release, since), *_together(seen, release, since)]
    told += [
        f"PersistentVolumeClaim {name} stays as it is, with what was written to it since" for name in claims(template)
    ]
    told += [f"{volume} is lost with each instance that is replaced" for volume in lost(replaced)]
    return tuple(told)


def look(api: Api, namespace: str, one: Reference, since: str) -> Seen:
    """What the server says of one reference; what it does not say is `unknown`, never `silent`."""
    if not _NAME.fullmatch(one.name):
        return Seen("gone")
    try:
        data = api.metadata(f"/api/v1/namespaces/{namespace}/{RESOURCES[one.kind]}/{one.name}")
        found = msgspec.json.decode(data, type=_Partial)
    except ApiFailure as failure:
        if failure.code == "not-found":
            return Seen("gone")
        granted = f" ({GRANTS} grants the right)" if failure.code == "forbidden" else ""
        return Seen("unknown", failure.code + granted)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Seen("unknown", "the answer is no object's metadata")
    if found.kind != "PartialObjectMetadata":
        return Seen("unknown", "the answer is no object's metadata")
    return _judged(found.metadata, since)


def _judged(meta: _Meta, since: str) -> Seen:
    made, begun = parsed(meta.creation_timestamp), parsed(since)
    if made is None or begun is None:
        return Seen("unknown", "the server does not say when it was made")
    if made > begun:
        return Seen("made", meta.creation_timestamp)
    times = [(at, write) for write in meta.managed_fields if (at := parsed(write.time)) is not None]
    if not times:
        return Seen("unknown", "it has no managedFields")
    newest, write = max(times, key=lambda row: row[0])
    return Seen("written", f"{write.time} by {write.manager}") if newest > begun else Seen("silent")


def _each(seen: dict[Reference, Seen], release: Ref, since: str) -> Iterator[str]:
    after = f"after {release} was made ({since}), and stays as it is now"
    for one, now in seen.items():
        if now.what in ("written", "made"):
            yield f"{one} was {now.what} at {now.detail}, {after}"
        if now.what == "gone":
            needed = "its instances start without it" if one.optional else "its instances would not start"
            yield f"{one} is not there, and {release} names it: {needed}"


def _together(seen: dict[Reference, Seen], release: Ref, since: str) -> Iterator[str]:
    for reason in sorted({now.detail for now in seen.values() if now.what == "unknown"}):
        named = ", ".join(str(one) for one, now in seen.items() if now == Seen("unknown", reason))
        yield f"whether {named} changed since {release} was made ({since}) is not known: {reason}"
    if silent := ", ".join(str(one) for one, now in seen.items() if now.what == "silent"):
        yield f"no write since {release} was made ({since}) shows in {silent}; that a key was taken out would not"
