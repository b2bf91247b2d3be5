"""Every running container is the artifact that its release names.

**Why.** An instance that runs something else than its release was changed in place (`kubectl set image
pod/…`, a patch), or the release was: the next replacement silently undoes it, and nobody reviewed it.

**What is examined.** The container's image reference and the digest that its runtime reports, against the
template of the release (ReplicaSet, ControllerRevision, Job) that made it. A reference that differs is a
violation where the pod's own record says that its specification was changed after creation: a later
managedFields entry that owns the image, or, where managedFields were stripped, a generation above 1. What
admission rewrote at creation is not accused: then the digests decide.

**How to fix.** Delete the pod, so that its controller replaces it from the release; put the change through
the pipeline; take `patch` and `update` on pods from whoever did it. `kubectl get pod … -o yaml
--show-managed-fields` shows who claims the write. A server: let its group replace it.

**Limits.** A tag is never proof of an artifact, and two different digests may be an index and its manifest:
both are inconclusive until a registry is read. Field managers are claims, not users; who it was only the
audit log proves.
"""

from __future__ import annotations

from tools.artifact import other_reference, written_later
from tools.check import View, Violation, Violations, check
from tools.model.nouns import Container, Write
from tools.model.observation import NotApplicable

MESSAGE = "names another image than its release does, written after the pod was created"


@check(Container, severity="critical", principle="image-based", blocking=True)
def examine(container: Container, view: View) -> Violations:
    """A violation for an image that was changed in place; inconclusive where the artifact can't be proven."""
    wanted = view.template_of(container)
    if wanted is None:
        if view.instance_of(container).static:
            raise NotApplicable("its manifest is a file on the node: no release names it")
        raise NotApplicable("no release names it: a bare pod's, or injected at creation, or ephemeral")
    if other_reference(wanted, container):
        writer = written_later(container, view.instance_of(container))
        if writer is not None:
            claim, since = ("manager", writer.time) if isinstance(writer, Write) else ("generation", "")
            yield Violation(
                "patched-in-place", MESSAGE, [(wanted, "image"), (container, "image"), (writer, claim)], since=since
            )
            return
    if container.state == "waiting" and not container.image_id:
        raise NotApplicable(f"it has not started ({container.detail or 'waiting'})")
    if not view.same_artifact(wanted, container):
        yield Violation(
            "other-artifact",
            "runs another artifact than its release names",
            [(wanted, "image"), (container, "image_id")],
        )
