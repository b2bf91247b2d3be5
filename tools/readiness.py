"""Whether an instance was ever ready, of which its record tells only since when it is not."""

from __future__ import annotations

from datetime import timedelta

from tools.model.nouns import Instance
from tools.model.times import parsed

AT_ONCE = timedelta(seconds=30)
"""How soon after its creation an instance's first report of its readiness comes, at the latest."""


def never_ready(instance: Instance) -> bool:
    """Whether it is shown that it was not ready at any time: its first report of its readiness still holds, and no part
    of it ran before that. False where it may have been."""
    created, reported = parsed(instance.created), parsed(instance.ready_since)
    if instance.ready or created is None or reported is None or reported - created > AT_ONCE:
        return False
    return not any(c.started and not c.restarts and c.started < instance.ready_since for c in instance.containers)
