"""Derives how each running container came to be, edge by edge. A tag is never proof; what is not known is said."""

from __future__ import annotations

from tools.artifact import other_reference, same_artifact, written_later
from tools.check import View
from tools.evidence import quote
from tools.model.image import running_digest
from tools.model.nouns import Container, Instance, Part, Release, Write
from tools.model.observation import NotObserved
from tools.model.path import Edge, Path, Stop

NO_PROVENANCE = "no signature, provenance or label of this artifact was read"


def path_of(container: Container, view: View) -> Path:
    """The path of one container of an instance that was seen."""
    instance = view.instance_of(container)
    release, missing = _release(instance, view)
    part = view.part_of(release, container) if release is not None else None
    digest = running_digest(container.image_id_seen or "")
    stops = (
        Stop("commit", "unknown"),
        Stop("build", "unknown"),
        Stop("artifact", digest or container.image_id_seen or "not started"),
        Stop("release", _release_label(release, missing), release.ref if release else None),
        Stop("workload", str(instance.workload) if instance.owner else "none: a bare instance", instance.workload),
        Stop("instance", str(instance.ref), instance.ref),
        Stop("host", instance.host or "not scheduled"),
    )
    edges = (
        Edge("unknown", NO_PROVENANCE),
        Edge("unknown", NO_PROVENANCE),
        _artifact_edge(part, release, container, missing, view),
        _workload_edge(release, missing, view),
        _instance_edge(instance, release, missing, view),
        _host_edge(instance, view),
    )
    return Path(container.name, instance.ref, stops, edges)


def _release(instance: Instance, view: View) -> tuple[Release | None, str]:
    try:
        return view.release_of(instance), ""
    except NotObserved as missing:
        return None, missing.reason


def _release_label(release: Release | None, missing: str) -> str:
    if release is not None:
        return f"{release.ref}" + (f" (revision {release.number})" if release.number is not None else "")
    return "not read" if missing else "none"


def _artifact_edge(part: Part | None, release: Release | None, container: Container, missing: str, view: View) -> Edge:
    """Whether what runs is what the release names."""
    if release is None:
        return Edge("unknown", missing or "no release names it: nothing controls this instance")
    if part is None:
        if container.role == "ephemeral":
            return Edge("unknown", "an ephemeral container: it was added to the running instance, no release names it")
        return Edge("unknown", "the release names no such container: it was injected when the instance was made")
    named = (quote(view, part, "image"), quote(view, container, "image"))
    try:
        if other_reference(part, container):
            writer = written_later(container, view.instance_of(container))
            if writer is not None:
                since = writer.time if isinstance(writer, Write) else ""
                said = quote(view, writer, "manager" if isinstance(writer, Write) else "generation")
                return Edge("contradicted", "its image was written after creation", (*named, said), since)
        same_artifact(part, container)
    except NotObserved as missed:
        return Edge("unknown", missed.reason, named)
    return Edge("verified", "equal digests", (named[0], quote(view, container, "image_id")), container.started)


def _workload_edge(release: Release | None, missing: str, view: View) -> Edge:
    if release is None:
        return Edge("unknown", missing or "there is no release")
    if release.workload == release.ref:
        return Edge("verified", "the release is its own root: nothing controls it", (), release.created)
    try:
        workload = view.workload_of(release)
        current = workload is not None and workload.read and view.current_release(workload).ref.uid == release.ref.uid
    except NotObserved as missed:
        return Edge("unknown", missed.reason)
    which = "the current release, by its template" if current else "a superseded release, by its template"
    return Edge(
        "verified", f"controller reference by uid; {which}", (quote(view, release, "created"),), release.created
    )


def _instance_edge(instance: Instance, release: Release | None, missing: str, view: View) -> Edge:
    if instance.owner is None:
        return Edge("unknown", "it has no controller: nothing says what made it")
    if release is None:
        return Edge(
            "reported", f"owner reference alone: {missing}", (quote(view, instance, "controller"),), instance.created
        )
    return Edge("verified", "controller reference by uid", (quote(view, instance, "controller"),), instance.created)


def _host_edge(instance: Instance, view: View) -> Edge:
    try:
        host = view.host_of(instance)
    except NotObserved as missed:
        return Edge("reported", f"bound by the control plane; {missed.reason}")
    if host is None:
        return Edge("unknown", "it is not scheduled yet")
    return Edge("verified", "bound by the control plane", (quote(view, host, "kubelet_version"),), instance.created)
