"""The release before the current one is still there to go back to.

**Why.** A rollback within a minute needs the earlier template at hand. Where the history is cut off, going back means
finding out what ran, and building a release of it at 3 a.m.

**What is examined.** The releases that the cluster keeps of a workload (ReplicaSets, ControllerRevisions), and
`spec.revisionHistoryLimit`.

**How to fix.** Leave `revisionHistoryLimit` at its default of 10, and don't delete old ReplicaSets.

**Limits.** The template is kept; whether its image is still in the registry is another question. A workload at its
first revision has nothing to go back to and is not examined.
"""

from __future__ import annotations

from tools.check import View, Violation, Violations, check
from tools.model.nouns import Workload
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
    others: list[str] = []
    missed: NotObserved | None = None
    try:
        others = [r.ref.name for r in view.releases_of(workload) if r.ref.uid != current.ref.uid]
    except NotObserved as missing:
        missed = missing
    if others:
        return
    number = current.number or workload.number
    if number is None:
        raise NotObserved(f"{workload.ref} does not report its revision", "not-reported")
    if number <= 1:
        raise NotApplicable("it is at its first release")
    if missed is not None:
        raise missed
    told = f"it is at revision {number}, and no earlier release is there"
    yield Violation("none-kept", told, [(current, "number"), (workload, "history_limit")])
