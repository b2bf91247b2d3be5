"""Whether a container that restarted runs the image that it ran before: what earlier looks remember of it."""

from __future__ import annotations

from tools.check import View
from tools.model.history import Memory
from tools.model.image import is_repository_digest, running_digest
from tools.model.nouns import Container
from tools.model.observation import NotObserved


def ran_another(container: Container, view: View) -> Memory | None:
    """The memory of another image that a container ran under the same reference; None where it ran no other, or where
    its reference is pinned by digest. Raises `NotObserved` where that can't be told."""
    reference = container.reference
    if not container.restarts or (reference is not None and reference.digest):
        return None
    running = container.running
    ran = view.past(container, f"runs:{container.name}")
    others = [memory for memory in ran if running_digest(memory.value) != running]
    if not running or (others and _named_otherwise(container, view)):
        return None  # another reference: a patch, which its record and the log tell
    for memory in others:
        if _comparable(memory.value, container.image_id):
            return memory
    if others:
        raise NotObserved(
            f"container {container.name} restarted and reports {container.image_id}, and before it {others[0].value}: "
            "they may be one image",
            "digests-differ",
            "read the registry: it tells whether one digest leads to the other",
        )
    if not _remembered_from_its_start(container, view, ran):
        raise NotObserved(
            f"container {container.name} restarted {container.restarts} times under {container.image}, a tag, and "
            "which image it ran before is not remembered",
            "restarted-before-history",
            "pin the image by digest",
        )
    return None


def _comparable(one: str, other: str) -> bool:
    """Whether two imageIDs are digests of one kind: both of one repository."""
    repositories = {text.rpartition("//")[2].partition("@")[0] for text in (one, other)}
    return len(repositories) == 1 and is_repository_digest(one) and is_repository_digest(other)


def _named_otherwise(container: Container, view: View) -> bool:
    return any(named.value != container.image for named in view.past(container, f"image:{container.name}"))


def _remembered_from_its_start(container: Container, view: View, ran: list[Memory]) -> bool:
    """Whether an earlier look saw the container before its first restart."""
    restarted = view.past(container, f"restarts:{container.name}")
    return bool(ran) and (not restarted or restarted[0].first > ran[0].first)
