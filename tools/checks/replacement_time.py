"""An instance is replaced within the promised minutes.

**Why.** Replacing instead of modifying is only an answer at 3 a.m. if it is quick. An instance that takes long to
serve, or does not end, makes people reach for a shell.

**What is examined.** The times that each instance reports: from its creation to `Ready`, and how long one that is to be
deleted stays beyond its grace period, against the promise (`minutes`, 5 unless set).

**How to fix.** Find what the start waits for (the pull of a large image, a slow probe, no room on the hosts); a
finalizer or a process that ignores SIGTERM keeps an instance from ending.

**Limits.** `Ready` tells when it last changed: an instance that became ready late may have been ready before, and is
inconclusive unless a container of it first started too late; so is one that was ready once and is not now. One that a
queue holds back by scheduling gates counts from its creation. Instances of Jobs run to their end and are not examined.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from tools.check import View, Violation, Violations, check
from tools.model.nouns import Container, Instance
from tools.model.observation import NotApplicable, NotObserved
from tools.model.times import parsed
from tools.readiness import AT_ONCE


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`minutes` is the promise."""

    minutes: float = 5.0


@check(Instance, severity="medium", principle="disposable", settings=Settings)
def examine(instance: Instance, view: View) -> Violations:
    """Violations for an instance that did not become ready, or does not end, within the promise."""
    if instance.finished or instance.resting:
        raise NotApplicable("it has finished" if instance.finished else "it is not meant to serve now")
    if instance.release_ref is not None and instance.release_ref.kind == "Job":
        raise NotApplicable("it runs to its end")
    promise = timedelta(minutes=view.settings(Settings).minutes)
    now = _time(view.moment_of(instance.ref), instance)
    if instance.deleted:
        if now - _time(instance.deleted, instance) > promise:
            told = f"it should have ended at {instance.deleted}, and is still there"
            yield Violation("never-ends", told, [(instance, "deleted")], since=instance.deleted)
            return
        raise NotApplicable("it is being ended")
    created = _time(instance.created, instance)
    took = _time(instance.ready_since, instance) - created if instance.ready_since else None
    if instance.ready:
        if took is None:
            raise NotObserved(f"{instance.ref} does not report since when it is ready", "not-reported")
        started = max(_first_starts(instance), default=instance.created)
        if (late := _time(started, instance) - created) > promise:
            told = f"a part of it first started {_minutes(late)} after its creation: it can't have been ready before"
            yield Violation("ready-late", told, [(instance, "created"), *_starts(instance, started)], since=started)
            return
        if took > promise:
            told = f"it is ready since {instance.ready_since}, {_minutes(took)} after its creation"
            if instance.ready_first:
                evidence: list[tuple[Instance, str]] = [(instance, "created"), (instance, "ready_since")]
                yield Violation("ready-late", told, evidence, since=instance.ready_since)
                return
            raise NotObserved(f"{told}: it may have been before", "ready-later", "earlier looks would tell")
        return
    if now - created <= promise:
        raise NotObserved(
            f"it is not ready yet, {_minutes(now - created)} after its creation", "starting", "look again"
        )
    if took is not None and took > AT_ONCE and _was_ready(instance):
        raise NotObserved(f"it is not ready since {instance.ready_since}; it was before", "not-ready-any-more")
    told = f"it never became ready, {_minutes(now - created)} after its creation"
    evidence = [(instance, "created"), (instance, "ready"), (instance, "ready_since"), (instance, "phase")]
    yield Violation("never-ready", told, evidence, since=instance.created)


def _first_starts(instance: Instance) -> list[str]:
    """When the containers first started that must all be ready: a restarted one tells its last start alone."""
    serving = [c for c in instance.containers if c.role in ("main", "sidecar")]
    return [c.started for c in serving if c.started and not c.restarts]


def _starts(instance: Instance, started: str) -> list[tuple[Container, str]]:
    return [(container, "started") for container in instance.containers if container.started == started]


def _was_ready(instance: Instance) -> bool:
    """Whether it may have been ready before its readiness was last written: not where a part of it started later, as
    in one that waited long for a host, or has not started at all."""
    serving = [c for c in instance.containers if c.role in ("main", "sidecar")]
    starts = _first_starts(instance)
    idle = any(not c.started and not c.restarts and c.state_seen == "waiting" for c in serving)
    return not idle and all(start < instance.ready_since for start in starts)


def _time(text: str, instance: Instance) -> datetime:
    told = parsed(text)
    if told is None:
        raise NotObserved(f"{instance.ref} reports {text!r} as a time", "not-reported")
    return told


def _minutes(took: timedelta) -> str:
    return f"{took.total_seconds() / 60:.1f} minutes"
