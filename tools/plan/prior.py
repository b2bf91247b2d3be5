"""Which release a workload goes back to: the newest one that is known to have run healthily, by its template's digest
rather than by its revision number, which moves on undo. The number decides where nothing else is known."""

from __future__ import annotations

import msgspec

from tools.check import View
from tools.model.nouns import Release, Workload


class Known(msgspec.Struct, frozen=True):
    """What is known of a release: how many instances of it are ready now; in earlier looks, until when the workload was
    whole with its template, and until when it was seen to declare it (both empty: never)."""

    release: Release
    ready: int
    healthy: str
    declared: str

    @property
    def ran(self) -> bool:
        """Whether it is known to have run healthily: seen so in an earlier look, or serving now."""
        return self.ready > 0 or bool(self.healthy)

    @property
    def preference(self) -> tuple[bool, str, str, int, str]:
        """What serves now runs here and now; then what was whole last. Of what nobody saw whole, what was seen declared
        last: what no look saw was there for less time than lies between two. Then the number, in the order of which the
        cluster says that they were declared; then the youngest."""
        return self.ready > 0, self.healthy, self.declared, self.release.number or 0, self.release.created

    def __str__(self) -> str:
        images = ", ".join(part.image for part in self.release.parts)
        told = f"{self.release.ref.name} (revision {self.release.number}; {images})"
        if self.ready:
            return f"{told} serves now with {self.ready} ready instances"
        if self.healthy:
            return f"{told} is the newest earlier release that was seen whole, last at {self.healthy}"
        if self.declared:
            return f"{told} is the release that was declared last, seen until {self.declared}; it was never seen whole"
        newest = "has the highest revision number" if self.release.number is not None else "is the youngest"
        return f"{told} {newest} of what is kept; no audit saw it, and whether it ever ran healthily is not known"


def known(release: Release, workload: Workload, view: View) -> Known:
    """What the snapshot and the earlier looks say of a release. Raises `NotObserved` where its instances were not seen
    and its kind does not count them."""
    ready = release.ready
    if ready is None:
        ready = sum(i.ready and not i.deleted and not i.finished for i in view.instances_of(release))
    return Known(release, ready, _last(workload, view, "healthy", release), _last(workload, view, "template", release))


def _last(workload: Workload, view: View, fact: str, release: Release) -> str:
    return max((past.last for past in view.past(workload, fact) if past.value == release.template), default="")
