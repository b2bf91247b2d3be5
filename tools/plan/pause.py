"""Plans to pause or resume a rollout."""

from __future__ import annotations

from tools.check import View
from tools.errors import Refused
from tools.model.action import PauseRollout, ResumeRollout
from tools.model.nouns import Workload


def wished(kind: str, name: str, scope: str, view: View) -> tuple[PauseRollout | ResumeRollout]:
    """Pause or resume the Deployment of that name (`namespace/name`). Raises `Refused` where it is so already."""
    namespace, _, plain = name.removeprefix("deployment/").rpartition("/")
    for workload in view.seen(Workload):
        ref = workload.ref
        if (ref.scope, ref.kind, ref.namespace, ref.name) == (scope, "Deployment", namespace, plain):
            wanted = kind == "pause"
            if workload.paused == wanted:
                raise Refused("already-so", f"{ref} is {'paused' if wanted else 'not paused'} already")
            return (PauseRollout(ref) if wanted else ResumeRollout(ref),)
    missing = view.unseen("Workload")
    if missing is not None:
        raise Refused("not-observed", f"Deployment {name!r} was not seen", missing.reason, missing.mend)
    raise Refused(
        "gone",
        f"there is no Deployment {name!r} in what was read",
        mend="name it as NAMESPACE/NAME",
    )
