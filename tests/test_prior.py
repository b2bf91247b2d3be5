"""Which release is gone back to: by what is known of it, and by its number only where nothing else is."""

from __future__ import annotations

import random

from tools.model.identity import Ref
from tools.model.nouns import Release
from tools.plan.prior import Known

OLD, LATER, LATEST = "2026-11-01T10:00:00Z", "2026-11-02T10:00:00Z", "2026-11-03T10:00:00Z"


def release(name: str, number: int | None = 1, created: str = OLD) -> Release:
    return Release(
        ref=Ref("cluster", "ReplicaSet", "shop", name, f"uid-{name}"), version="1", template=name, number=number,
        workload=Ref("cluster", "Deployment", "shop", "web", "uid-web"), created=created, replicas=0, ready=0, parts=(),
    )  # fmt: skip


SERVES = Known(release("serves", 1), ready=1, healthy="", declared="")
WHOLE = Known(release("whole", 2), ready=0, healthy=LATER, declared=LATER)
WHOLE_BEFORE = Known(release("whole-before", 9), ready=0, healthy=OLD, declared=LATEST)
DECLARED = Known(release("declared", 3), ready=0, healthy="", declared=LATEST)
DECLARED_BEFORE = Known(release("declared-before", 8, LATER), ready=0, healthy="", declared=LATER)
UNSEEN = Known(release("unseen", 7, OLD), ready=0, healthy="", declared="")
UNSEEN_LOWER = Known(release("unseen-lower", 6, LATEST), ready=0, healthy="", declared="")
UNNUMBERED = Known(release("unnumbered", None, LATER), ready=0, healthy="", declared="")
ORDER = [SERVES, WHOLE, WHOLE_BEFORE, DECLARED, DECLARED_BEFORE, UNSEEN, UNSEEN_LOWER, UNNUMBERED]


def test_what_serves_then_what_was_whole_then_what_was_declared_and_the_number_last() -> None:
    """Numbers and ages say otherwise all along: undo moves the first, and a release may be declared again."""
    for seed in range(20):
        mixed = random.Random(seed).sample(ORDER, len(ORDER))
        assert sorted(mixed, key=lambda known: known.preference, reverse=True) == ORDER


def test_the_plan_says_which_it_was() -> None:
    said = {
        SERVES: "serves now with 1 ready instances",
        WHOLE: f"was seen whole, last at {LATER}",
        DECLARED: f"was declared last, seen until {LATEST}; it was never seen whole",
        UNSEEN: "has the highest revision number of what is kept; no audit saw it",
        UNNUMBERED: "is the youngest of what is kept; no audit saw it",
    }
    for known, words in said.items():
        assert words in str(known)
