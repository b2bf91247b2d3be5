"""The release before the current one is still there to go back to.

**Why.** A rollback within a minute needs the earlier template at hand. Where the history is cut off, going back means
finding out what ran, and building a release of it at 3 a.m.

**What is examined.** The releases that the cluster keeps of a workload (ReplicaSets, ControllerRevisions), and
`spec.revisionHistoryLimit`.

**How to fix.** Leave `revisionHistoryLimit` at its default of 10, and don't delete old ReplicaSets; of a launch
template, don't delete the versions before the one that its groups name.

**Limits.** A release takes a new number when it becomes the current one again, so the one before the current one has
the number before. The template is kept; whether its image is still in the registry is another question. A workload at
its first revision has nothing to go back to and is not examined.
"""

from __future__ import annotations

from tools.check import View, Violation, Violations, check
from tools.model.nouns import Release, Workload
from tools.model.observation import NotApplicable, NotObserved


@check(Workload, severity="medium", principle="rollback")
def examine(workload: Workload, view: View) -> Violations:
    """A violation for a workload whose earlier releases are not kept."""
    if not workload.read:
        raise NotObserved(f"{workload.ref} is known by reference alone", "not-read", "record its kind too")
    if not workload.rolls or workload.history_limit is None:
        raise NotApplicable("it keeps no releases")
    if workload.history_limit == 0:
        yield Violation("history-off", "it keeps no earlier release", [(workload, "history_limit")])
        return
    current = view.current_release(workload)
    others: list[Release] = []
    again: set[int | None] = set()
    missed: NotObserved | None = None
    try:
        for release in view.releases_of(workload):
            if release.template != current.template:
                others.append(release)
            else:
                again.add(release.number)
    except NotObserved as missing:
        missed = missing
    number = workload.number if current.number is None else current.number
    while number is not None and number - 1 in again:  # what is current was written before, with the same content
        number -= 1
    known = [release.number for release in others if release.number is not None]
    if others and (number is None or len(known) < len(others) or number - 1 in known or number <= max(known)):
        return
    if number is None:
        raise NotObserved(f"{workload.ref} does not report its revision", "not-reported")
    if number <= 1:
        raise NotApplicable("it is at its first release")
    if missed is not None:
        raise missed
    kept = (workload if current.number is None else current, "number"), (workload, "history_limit")
    if not others:
        yield Violation("none-kept", f"it is at revision {number}, and no earlier release is there", kept)
        return
    newest = max(others, key=lambda release: release.number or 0)
    told = f"it is at revision {number}, and of the earlier ones {newest.number} is the newest that is there"
    yield Violation("prior-gone", told, [*kept, (newest, "number")])
