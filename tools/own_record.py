"""What an instance's own record shows of changes after its creation: its generation, and what field managers claim.

The API lets few fields of a pod change once it is made (kubernetes.io/docs/concepts/workloads/pods: images,
activeDeadlineSeconds, terminationGracePeriodSeconds, added tolerations), and while scheduling gates hold it also what
places it. So a managedFields entry that owns any other field is its maker's, written again for its labels or
finalizers: its time says nothing about the specification.
"""

from __future__ import annotations

from datetime import timedelta

from tools.model.nouns import Change, Container, Instance, Write
from tools.model.times import parsed

NEAR = timedelta(seconds=30)
"""How far a request's time in the audit log may be from its entry's in managedFields: a webhook's longest timeout."""
_LIFETIME = ("activeDeadlineSeconds", "terminationGracePeriodSeconds")
_PLACING = ("affinity", "nodeSelector", "schedulingGates", "tolerations")
"""What a queue or an operator writes while it still holds the instance back."""


def edits(instance: Instance) -> int | None:
    """How often its specification was changed after creation; None where it has no generation (Kubernetes before
    1.33). Deletion counts as a change in the API, and not here."""
    return None if instance.generation_seen is None else instance.generation - 1 - bool(instance.deleted)


def untouched(instance: Instance) -> bool:
    """Whether nothing in its own record speaks of a change, nor of a restart."""
    return (
        instance.generation_seen in (None, 1)
        and not any(write.owns for write in instance.writes_seen or ())
        and not any(c.restarts or c.role == "ephemeral" for c in instance.containers)
    )


def added(instance: Instance) -> list[Container]:
    """The containers that were added to it while it ran: none can be there at creation."""
    return [container for container in instance.containers if container.role == "ephemeral"]


def claims(instance: Instance) -> list[Write]:
    """The entries of managedFields that claim a change of its specification after its creation, oldest first."""
    return [write for write in instance.writes_seen or () if write.owns and _claims(write, instance)]


def _claims(write: Write, instance: Instance) -> bool:
    if write.subresource == "resize":
        return True
    if write.subresource or not all(_may_change(path) for path in write.owns):
        return False
    return not all(places(path) for path in write.owns) or after_start(write.time, instance)


def _may_change(path: str) -> bool:
    steps = path.split("/")
    image = len(steps) == 3 and steps[0] in ("containers", "initContainers") and steps[2] == "image"
    return image or path in _LIFETIME or places(path)


def places(path: str) -> bool:
    """Whether a field (below `spec`) says where an instance may run, and nothing of what runs in it."""
    return path.partition("/")[0] in _PLACING


def after_start(time: str, instance: Instance) -> bool:
    """Whether something came after one of its containers had started, as far as they tell."""
    return any(container.started and time[:19] > container.started[:19] for container in instance.containers)


def is_told(write: Write, changes: list[Change]) -> bool:
    """Whether one of these changes is the request that an entry's time is of."""
    return any(_near(write.time, change.time) or _near(write.time, change.last) for change in changes)


def _near(one: str, other: str) -> bool:
    first, second = parsed(one), parsed(other)
    return first is not None and second is not None and abs(first - second) <= NEAR
