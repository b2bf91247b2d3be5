"""Every running instance is kept by a controller.

**Why.** What nothing keeps is replaced by nobody: it is gone with its host, no rollout reaches it, and what it runs is
in no release. Debugging pods and leftovers of old scripts live on like this for years.

**What is examined.** The owner reference with `controller: true`, followed to the root owner. A static pod is kept by
its host's kubelet. An instance that has finished or is being deleted is not examined.

**How to fix.** Delete it, or put it under a Deployment, StatefulSet, DaemonSet or Job; a server under an Auto
Scaling group.

**Limits.** Whether a controller of a kind that is not read (a custom resource) exists and works can't be told:
inconclusive, with its kind.
"""

from __future__ import annotations

from tools.check import View, Violation, Violations, check
from tools.model.nouns import Instance
from tools.model.observation import NotApplicable, NotObserved


@check(Instance, severity="medium", principle="disposable")
def examine(instance: Instance, view: View) -> Violations:
    """A violation for a running instance without a controller."""
    if instance.finished:
        raise NotApplicable("it has finished")
    if instance.static:
        return
    if instance.owner is None and instance.deleted:
        raise NotApplicable("it is being ended")
    if instance.owner is None:
        yield Violation("no-controller", "nothing keeps it: it has no controller", [(instance, "controller")])
        return
    view.release_of(instance)
    workload = view.workload_of(instance)
    if workload is not None and not workload.read:
        raise NotObserved(
            f"it is controlled by {instance.owner}, of a kind that is not read: whether that keeps it is not known",
            "custom-controller",
        )
