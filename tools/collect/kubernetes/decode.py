"""From raw lists to wire objects, item by item: one broken or unknown item costs itself and nothing else."""

from __future__ import annotations

import functools
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tools.collect.kubernetes import wire
from tools.collect.kubernetes.times import newest_in

READ: dict[str, tuple[str, type[wire.Struct], str]] = {
    "Pod": ("v1", wire.Pod, "Instance"),
    "ReplicaSet": ("apps/v1", wire.ReplicaSet, "Release"),
    "ReplicationController": ("v1", wire.ReplicationController, "Release"),
    "ControllerRevision": ("apps/v1", wire.ControllerRevision, "Release"),
    "Job": ("batch/v1", wire.Job, "Release"),
    "Deployment": ("apps/v1", wire.Deployment, "Workload"),
    "StatefulSet": ("apps/v1", wire.StatefulSet, "Workload"),
    "DaemonSet": ("apps/v1", wire.DaemonSet, "Workload"),
    "CronJob": ("batch/v1", wire.CronJob, "Workload"),
    "Rollout": ("argoproj.io/v1alpha1", wire.Rollout, "Workload"),
    "Node": ("v1", wire.Node, "Host"),
    "PodDisruptionBudget": ("policy/v1", wire.PodDisruptionBudget, "Budget"),
    "Event": ("v1", wire.Event, "Change"),
    "Namespace": ("v1", wire.Namespace, ""),
}
"""Kind → the apiVersion that is read, its wire type, and the noun that suffers where it can't be read."""

REVISED = ("StatefulSet", "DaemonSet")
"""The kinds whose releases are ControllerRevisions. (Others keep data of their own in them.)"""

_HEAD = re.compile(rb'\s*{\s*"apiVersion":\s*"([\w./-]+)",\s*"kind":\s*"(\w+)"')
_meta = msgspec.json.Decoder(wire.TypeMeta)
_template = msgspec.json.Decoder(wire.Template)
_list = msgspec.json.Decoder(wire.RawList)
_revision = msgspec.json.Decoder(wire.RevisionData)
_items: dict[str, msgspec.json.Decoder[Any]] = {kind: msgspec.json.Decoder(row[1]) for kind, row in READ.items()}


@dataclass
class Decoded:
    """What was decoded, by kind and uid, and what was not: `broken` holds (kind, namespace, place and reason),
    `unread` counts other kinds, `versions` known kinds in versions that are not read, `pages` the kinds whose list
    was recorded with a continue token, `newest` is the newest time of what had happened."""

    objects: dict[str, dict[str, Any]] = field(default_factory=lambda: {kind: {} for kind in READ})
    broken: list[tuple[str, str]] = field(default_factory=list)
    unread: Counter[str] = field(default_factory=Counter)
    versions: Counter[tuple[str, str]] = field(default_factory=Counter)
    doubled: list[tuple[str, str]] = field(default_factory=list)
    pages: list[tuple[str, int]] = field(default_factory=list)
    listed: set[str] = field(default_factory=set)
    newest: str = ""


def decode_document(data: bytes | memoryview, where: str, into: Decoded, wanted: str = "") -> str:
    """Decode a list or a single object into `into`. Returns the continue token (empty on the last page).

    Raises `msgspec.DecodeError` where the whole is not JSON or neither a list nor an object of Kubernetes; `where`
    names the document in what is said of its items. `wanted` is the kind whose list it must be.
    """
    whole = _list.decode(data)
    if wanted and (whole.kind != f"{wanted}List" or whole.items is None):
        raise msgspec.ValidationError(f"the answer is {whole.kind or 'an object without kind'}, no {wanted}List")
    if not whole.kind:
        raise msgspec.ValidationError("Object has no `kind`: it is no Kubernetes object or list")
    if whole.items is None and not whole.kind.endswith("List"):
        _decode_item(msgspec.Raw(bytes(data)), whole.kind, whole.api_version, where, into)
        return ""
    typed = whole.kind.removesuffix("List")
    if typed:
        into.listed.add(kind_of(typed, whole.api_version))
    for index, item in enumerate(whole.items or ()):
        place = f"{where} items[{index}]"
        if typed:
            _decode_item(item, typed, whole.api_version, place, into)
            continue
        try:
            meta = _type_of(item)
        except msgspec.DecodeError as error:
            into.broken.append(("", f"{place}: {error}"))
            continue
        if not meta.kind:
            into.broken.append(("", f"{place}: it has no kind"))
            continue
        into.listed.add(kind_of(meta.kind, meta.api_version))
        _decode_item(item, meta.kind, meta.api_version, place, into)
    if whole.metadata.continue_:
        into.pages.append((kind_of(typed, whole.api_version), whole.metadata.remaining_item_count))
    return whole.metadata.continue_


def _type_of(item: msgspec.Raw) -> wire.TypeMeta:
    """An item's kind and apiVersion: from its first two keys, as the API server and kubectl write them, else wherever
    they are. Raises `msgspec.DecodeError`."""
    head = _HEAD.match(memoryview(item)[:200])
    return wire.TypeMeta(head[2].decode(), head[1].decode()) if head else _meta.decode(item)


def _decode_item(item: msgspec.Raw, kind: str, version: str, place: str, into: Decoded) -> None:
    row = READ.get(kind)
    if row is None or _group(version) != _group(row[0]):
        into.unread[kind_of(kind, version)] += 1
        return
    if version != row[0]:
        into.versions[kind, version] += 1
        return
    try:
        found = _items[kind].decode(item)
        raw = template_of(kind, found)
        if raw is not None:
            _template.decode(raw)  # it stays raw in the item, to be digested; broken, it breaks the item
        newest = newest_in(kind, found)
    except (msgspec.DecodeError, RecursionError) as error:
        into.broken.append((kind, f"{place}: {error}"))
        return
    into.newest = max(into.newest, newest)
    _keep(found, kind, place, into)


def template_of(kind: str, found: Any) -> msgspec.Raw | None:
    """The template of instances that an object holds; None where it holds none. Raises `msgspec.DecodeError`."""
    match kind:
        case "CronJob":
            template = found.spec.job_template.spec.template
        case "ControllerRevision":
            owners = found.metadata.owner_references or ()
            if not any(owner.controller and owner.kind in REVISED for owner in owners):
                return None
            template = _revision.decode(found.data or b"{}").spec.template
        case _:
            template = getattr(getattr(found, "spec", None), "template", None)
    return template if isinstance(template, msgspec.Raw) else None


@functools.lru_cache(maxsize=1024)
def kind_of(kind: str, version: str) -> str:
    """What a kind goes by: one that has the name of a kind that is read, in another API group, bears its group."""
    row = READ.get(kind)
    foreign = row is not None and bool(version) and _group(version) != _group(row[0])
    return f"{kind}.{_group(version)}" if foreign else kind


def _group(version: str) -> str:
    """The API group of an apiVersion: a kind of the same name in another group is another kind. The extensions group
    is where Deployments and ReplicaSets were before they moved to apps."""
    group = version.rpartition("/")[0]
    return "apps" if group == "extensions" else group


def _keep(found: Any, kind: str, place: str, into: Decoded) -> None:
    """Keep an object by its uid: of two versions of one object the later stands; two objects with one uid are said."""
    table, meta = into.objects[kind], found.metadata
    if not meta.uid:
        into.broken.append((kind, f"{place}: {meta.name!r} has no uid"))
        return
    before = table.get(meta.uid)
    if before is not None:
        was = before.metadata
        if (was.namespace, was.name) != (meta.namespace, meta.name):
            into.doubled.append((kind, f"{place}: {meta.name!r} has the uid of {was.name!r} ({meta.uid})"))
            return
        if _order(was.resource_version) >= _order(meta.resource_version):
            return
    table[meta.uid] = found


def _order(version: str) -> tuple[int, str]:
    return (int(version) if version.isascii() and version.isdigit() else -1, version)
