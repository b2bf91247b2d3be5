"""Derives how each running container came to be, edge by edge. A tag is never proof; what is not known is said."""

from __future__ import annotations

from tools.artifact import other_reference, same_artifact, written_later
from tools.check import View
from tools.evidence import quote
from tools.model.nouns import Container, Instance, Part, Release, Write
from tools.model.observation import NotObserved
from tools.model.path import Edge, Path, Stop
from tools.origin import Hop, origin_of


def path_of(container: Container, view: View) -> Path:
    """The path of one container of an instance that was seen, and of the server below it."""
    instance = view.instance_of(container)
    release, missing = _release(instance, view)
    digest = container.running
    origin = origin_of(container, view)
    stops = (
        Stop("commit", origin.commit),
        Stop("build", origin.build),
        Stop("artifact", digest or container.image_id_seen or "not started"),
        Stop("release", _release_label(release, missing), release.ref if release else None),
        Stop("workload", str(instance.workload) if instance.owner else "none: a bare instance", instance.workload),
        Stop("instance", str(instance.ref), instance.ref),
        *(() if instance.machine_seen is not None else (Stop("host", instance.host or "not scheduled"),)),
    )
    edges = tuple(_edge(hop, view) for hop in hops_of(container, view))
    return Path(container.name, instance.ref, stops, edges, _below(instance, view))


def hops_of(container: Container, view: View) -> tuple[Hop, ...]:
    """The edges of one container's path, their evidence not quoted yet."""
    instance = view.instance_of(container)
    release, missing = _release(instance, view)
    part = view.part_of(release, container) if release is not None else None
    origin = origin_of(container, view)
    return (
        origin.made_of,
        origin.built_by,
        _artifact(part, release, container, instance, missing),
        _workload(release, missing, view),
        _instance(instance, release, missing),
        *(() if instance.machine_seen is not None else (_host(instance, view),)),
    )


def _below(instance: Instance, view: View) -> Path | None:
    """The path of the server that an instance's host is, as far as its account was looked at."""
    try:
        host = view.host_of(instance)
        machine = view.machine_of(host) if host is not None else None
    except NotObserved:
        return None
    return path_of(machine.containers[0], view) if machine is not None and machine.containers else None


def _edge(hop: Hop, view: View) -> Edge:
    return Edge(hop.standing, hop.note, tuple(quote(view, thing, field) for thing, field in hop.cites), hop.since)


def _release(instance: Instance, view: View) -> tuple[Release | None, str]:
    """The release that made an instance, or why there is none."""
    try:
        release = view.release_of(instance)
    except NotObserved as missing:
        return None, missing.reason
    if release is None and instance.static:
        return None, "a file on its host made it: the API holds no release of it"
    return release, ""


def _release_label(release: Release | None, missing: str) -> str:
    if release is not None:
        return f"{release.ref}" + (f" (revision {release.number})" if release.number is not None else "")
    return "not read" if missing else "none"


def _artifact(
    part: Part | None, release: Release | None, container: Container, instance: Instance, missing: str
) -> Hop:
    """Whether what runs is what the release names."""
    if release is None:
        return Hop("unknown", missing or "no release names it: nothing controls this instance")
    if part is None:
        if container.role == "ephemeral":
            return Hop("unknown", "an ephemeral container: it was added to the running instance, no release names it")
        return Hop("unknown", "the release names no such container: it was injected when the instance was made")
    named = ((part, "image"), (container, "image"))
    try:
        if other_reference(part, container):
            writer = written_later(container, instance)
            if writer is not None:
                since = writer.time if isinstance(writer, Write) else ""
                said = (writer, "manager" if isinstance(writer, Write) else "generation")
                return Hop("contradicted", "its image was written after creation", (*named, said), since)
        same = same_artifact(part, container)
    except NotObserved as missed:
        return Hop("unknown", missed.reason, named)
    if not same:
        return Hop("contradicted", "it runs another artifact", (named[0], (container, "image_id")))
    equal = "the same machine image" if container.role == "machine" else "equal digests"
    return Hop("verified", equal, (named[0], (container, "image_id")), container.started)


def _workload(release: Release | None, missing: str, view: View) -> Hop:
    if release is None:
        return Hop("unknown", missing or "there is no release")
    if release.workload == release.ref:
        return Hop("verified", "the release is its own root: nothing controls it", (), release.created)
    try:
        workload = view.workload_of(release)
        if workload is None or not workload.read:
            return Hop("reported", "owner reference alone: it was not read", ((release, "created"),), release.created)
        if workload.rolls:
            current = view.current_release(workload)
            by = "template" if current.template == workload.template else "controller's status"
            which = f"; {'the current' if current.ref == release.ref else 'a superseded'} release, by its {by}"
        else:
            which = ""
    except NotObserved as missed:
        return Hop("unknown", missed.reason)
    return Hop("verified", f"controller reference by uid{which}", ((release, "created"),), release.created)


def _instance(instance: Instance, release: Release | None, missing: str) -> Hop:
    if instance.owner is None:
        return Hop("unknown", "it has no controller: nothing says what made it")
    cites = ((instance, "controller"),)
    if instance.static:
        return Hop("reported", "its host's kubelet says that a file of the host made it", cites, instance.created)
    if release is None:
        return Hop("reported", f"owner reference alone: {missing}", cites, instance.created)
    if instance.release_ref != instance.owner:  # the workload is proven; which of its revisions, a label says
        named = (*cites, (instance, "release_ref.name"))
        return Hop("verified", "controller reference by uid; its label names the revision", named, instance.created)
    return Hop("verified", "controller reference by uid", cites, instance.created)


def _host(instance: Instance, view: View) -> Hop:
    try:
        host = view.host_of(instance)
    except NotObserved as missed:
        return Hop("reported", f"bound by the control plane; {missed.reason}")
    if host is None:
        return Hop("unknown", "it is not scheduled yet")
    told = "bound by the control plane"
    try:
        machine = view.machine_of(host)
    except NotObserved as missed:
        return Hop("verified", f"{told}; {missed.reason}", ((instance, "host"),), instance.created)
    if machine is None:
        return Hop("verified", told, ((instance, "host"),), instance.created)
    return Hop("verified", f"{told}; its providerID is {machine.ref.name}", ((instance, "host"), (host, "provider")))
