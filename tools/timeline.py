"""Derives the timeline of a workload: its releases, its instances, and what was done to each, in one order of time."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from tools.check import View
from tools.evidence import quote
from tools.model.change import ENTERING, Act, Change
from tools.model.identity import Ref
from tools.model.instance import Instance, Write
from tools.model.observation import NotObserved
from tools.model.timeline import Entry, Timeline
from tools.model.workload import Release, Workload
from tools.own_record import is_told
from tools.sanctions import Ledger

TOLD: dict[Act, str] = {
    "exec": "ran a command in",
    "attach": "attached to",
    "copy": "copied files into or out of",
    "port-forward": "opened a port into",
    "ephemeral-container": "added a container to the running",
    "resize": "resized in place",
    "create": "made",
    "write": "wrote to",
    "scale": "scaled",
    "evict": "evicted",
    "delete": "deleted",
    "run-command": "ran a command on",
    "session": "opened a session on",
    "association": "applied a State Manager association to",
    "patch-baseline": "patched",
    "instance-connect": "pushed an SSH key to",
    "serial-console": "opened the serial console of",
    "modify-attribute": "changed an attribute of",
    "deploy-in-place": "deployed in place to",
    "replace-root-volume": "replaced the root volume of",
    "restart": "restarted",
}


RANK = {
    "AutoScalingGroup": 0,
    "Deployment": 0,
    "StatefulSet": 0,
    "DaemonSet": 0,
    "Rollout": 0,
    "CronJob": 0,
    "Pod": 2,
    "Instance": 2,
}
"""Within one second a workload comes before its releases, and these before their instances."""


def timeline_of(owner: Ref, view: View) -> Timeline:
    """The timeline of a root owner: of a workload that was read, or of a bare or unreadable owner's instances."""
    workload = next((w for w in view.seen(Workload) if w.ref == owner), None)
    releases, instances = view.kept_by(owner)
    changes = view.changes_under(owner)
    kept = {r.ref for r in releases} | {i.ref for i in instances}  # what is there tells its own beginning
    ledger = Ledger(view.history.sanctions)
    entries = [
        _of_change(change, view, ledger) for change in changes if change.act != "create" or change.ref not in kept
    ]
    if workload is not None and workload.read:
        entries += _life(workload, view, any(c.act == "create" and c.ref == owner for c in changes))
        entries += _claims(workload.writes_seen or (), changes, view)
    entries += _made(instances, view)
    for instance in instances:
        entries += _claims(instance.writes_seen or (), changes, view)
        entries += _ending(instance, view)
    ordered = sorted(entries, key=lambda entry: (entry.time[:19], RANK.get(entry.ref.kind, 1), entry.ref, entry.what))
    return Timeline(owner=owner, entries=tuple(ordered), unseen=_unseen(workload, instances, view))


def _of_change(change: Change, view: View, ledger: Ledger) -> Entry:
    event = change.source == "event"
    what = f"the kubelet says of {_short(change.ref)}" if event else f"{TOLD[change.act]} {_short(change.ref)}"
    detail = short(change.command or change.summary or change.note)
    if change.tool and change.act in ("write", "scale"):
        what += f" with {change.tool}"
    what += _ours(change, ledger)
    fields = ["time", "user", "command", "summary", "note"]
    evidence = [quote(view, change, f) for f in fields if f == "time" or (_has(change, f) and getattr(change, f))]
    return Entry(
        time=change.time,
        ref=change.ref,
        what=f"{what}: {detail}" if detail else what,
        who=str(change.actor_seen) if change.actor_seen else "",
        standing="reported" if event else "verified",
        last=change.last,
        count=change.count,
        alarming=change.act in ENTERING or (change.act == "write" and change.ref.kind == "Pod"),
        evidence=tuple(evidence),
    )


def _ours(change: Change, ledger: Ledger) -> str:
    """Whether it was this auditor's own act, where it says so; a controller only carries marks along."""
    own = change.source == "audit-log" and (change.actor_seen is None or change.actor_seen.kind != "controller")
    judged = ledger.judge(change) if own else None
    if judged is None:
        return ""
    return f" ({judged.step})" if judged.step else f" (not this auditor: {judged.told})"


def _has(change: Change, field: str) -> bool:
    return field != "user" or change.actor_seen is not None


def _life(workload: Workload, view: View, logged: bool) -> Iterator[Entry]:
    """The workload's creation where the log does not have it, its releases with what each changed of the images, and a
    rollout that failed."""
    if workload.created and not logged:
        made = (quote(view, workload, "created"),)
        yield Entry(time=workload.created, ref=workload.ref, what=f"{_short(workload.ref)} was made", evidence=made)
    before: Release | None = None
    for release in _releases(workload, view):
        number = f" (revision {release.number})" if release.number is not None else ""
        what = f"release {release.ref.name}{number}: {_images(before, release)}"
        yield Entry(time=release.created, ref=release.ref, what=what, evidence=(quote(view, release, "created"),))
        before = release
    rollout = workload.rollout_seen
    if rollout is not None and rollout.progressing == "False":
        what = f"its rollout failed: {rollout.reason}"
        evidence = (quote(view, workload, "rollout.reason"),)
        yield Entry(time=rollout.since, ref=workload.ref, what=what, evidence=evidence, alarming=True)


def _releases(workload: Workload, view: View) -> list[Release]:
    """The releases that were seen; that there may be more is said below the timeline."""
    return sorted(view.kept_by(workload.ref)[0], key=lambda r: (r.created, r.ref))


def _images(before: Release | None, release: Release) -> str:
    """What a release's images are, or which of them differ from the release before."""
    old = {part.name: part.image for part in before.parts} if before else {}
    told = [
        f"{part.name} {part.image}" if before is None else f"{part.name} {old.get(part.name, 'none')} → {part.image}"
        for part in release.parts
        if old.get(part.name) != part.image
    ]
    return short("; ".join(told)) or "the same images"


def _made(instances: list[Instance], view: View) -> Iterator[Entry]:
    """The instances that are there, made, together for each release."""
    groups: dict[str, list[Instance]] = defaultdict(list)
    for instance in instances:
        groups[instance.release_ref.name if instance.release_ref else ""].append(instance)
    for release, members in groups.items():
        members.sort(key=lambda i: (i.created, i.ref))
        first, last = members[0], members[-1]
        ready = sum(i.ready for i in members)
        of = f" of {release}" if release else ""
        one = len(members) == 1
        what = (
            f"instance {first.ref.name} was made"
            if one
            else f"{len(members)} instances{of} were made, {ready} ready now"
        )
        evidence = tuple(quote(view, instance, "created") for instance in members[:3])
        yield Entry(time=first.created, ref=first.ref, what=what, last="" if one else last.created, evidence=evidence)


def _ending(instance: Instance, view: View) -> Iterator[Entry]:
    if instance.deleted:
        evidence = (quote(view, instance, "deleted"),)
        what = f"instance {instance.ref.name} is to end"
        yield Entry(time=instance.deleted, ref=instance.ref, what=what, evidence=evidence)


def _claims(writes: tuple[Write, ...], changes: list[Change], view: View) -> Iterator[Entry]:
    """Later writes that only managedFields claim, where the log has none to that object then. (The API server leaves
    the time of a scale out.)"""
    for write in writes:
        if not write.owns or any(change.ref == write.ref and _is_of(change, write) for change in changes):
            continue
        yield Entry(
            time=write.time,
            ref=write.ref,
            what=f"claims the live value of {write.owned} of {_short(write.ref)}",
            who=f"field manager {write.manager}",
            standing="reported",
            alarming=write.ref.kind == "Pod",
            evidence=(quote(view, write, "manager"), quote(view, write, "time")),
        )


def _is_of(change: Change, write: Write) -> bool:
    """Whether a change may be the one that an entry of managedFields claims."""
    return change.act == "scale" if write.subresource == "scale" else is_told(write, [change])


def _unseen(workload: Workload | None, instances: list[Instance], view: View) -> str:
    """Why changes may be missing: what the log could not have seen of the workload, else of its oldest instance."""
    if workload is not None and workload.read:
        missing = view.unseen("Release", owner := workload.ref, workload.release_kind) or view.unseen("Instance", owner)
        if missing is not None:
            return missing.reason
    oldest = sorted(instances, key=lambda i: (i.created, i.ref))[:1]
    things: Sequence[Workload | Instance] = [workload] if workload is not None and workload.read else oldest
    try:
        for thing in things:
            list(view.changes_to(thing))
    except NotObserved as missing_log:
        return missing_log.reason
    return ""


def short(text: str) -> str:
    """A text with its digests cut to twelve digits: the evidence holds them whole."""
    return re.sub(r"(sha\d{3}:[0-9a-f]{12})[0-9a-f]{20,}", r"\1…", text)


def _short(ref: Ref) -> str:
    return f"{ref.kind.lower()} {ref.name}"
