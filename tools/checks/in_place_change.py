"""Nobody entered or changed a running instance: what runs is what was started.

**Why.** A shell in a container, a copied file, a debug container or a patched pod makes an instance that no release
describes: the next replacement silently undoes it, nobody reviewed it, and until then it is not what was signed.

**What is examined.** What the API server's audit log says was done to each instance (exec, attach, copy, port-forward,
ephemeral containers, resize, a patch of its specification; successful ones, each once), the instance's own record
(ephemeral containers, `metadata.generation`, later entries of managedFields, the kubelet's event that a container's
definition changed), and what earlier looks remember of the image that a container ran before it restarted.

**How to fix.** Delete the pod, so that its controller replaces it from the release. Take `pods/exec`, `pods/attach`,
`pods/portforward`, `pods/ephemeralcontainers` and `patch` on pods from whoever did it, or allow them here for a user
that needs them: `[checks.in-place-change.allow]` maps an act (`exec`, `resize`, …) to user names with `*`.

**Limits.** A pass says: through the API, in the time that the log covers. It needs the log, its policy, and a log that
reaches back to the instance's creation. What is run on the host (crictl, nsenter) is in no audit log. A generation
above 1 that no field manager claims may be a controller's work before the start, and is inconclusive. A container
named by tag that restarted before the first look may have run another image.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

import msgspec

from tools.check import View, Violation, Violations, check
from tools.model.change import ENTERING, Act, Change
from tools.model.image import parse_image
from tools.model.nouns import Container, Instance, Write
from tools.model.observation import NotApplicable, NotObserved

CODES: dict[Act, tuple[str, str]] = {
    "exec": ("exec", "ran a command inside it"),
    "attach": ("attach", "attached to it"),
    "copy": ("copied", "copied files into or out of it"),
    "port-forward": ("port-forward", "opened a port into it"),
    "ephemeral-container": ("ephemeral-container", "added a container to it while it ran"),
    "resize": ("resized", "resized it in place"),
    "write": ("patched-after-creation", "changed its specification after it was made"),
}
"""Each act's cause code, and what is said of who did it."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`allow` maps an act to the names of the users who may do it (`*` stands for any text)."""

    allow: dict[Act, list[str]] = {}


@check(Instance, severity="high", principle="image-based", settings=Settings, watched=True)
def examine(instance: Instance, view: View) -> Violations:
    """Violations for each act that entered or changed it; inconclusive where one could have gone unseen."""
    if instance.finished:
        raise NotApplicable("it has finished")
    done: list[Change] = []
    missed: NotObserved | None = None
    try:
        for change in view.changes_to(instance, *ENTERING, "write"):
            if _counts(change, instance):
                done.append(change)
    except NotObserved as missing:
        missed = missing
    allowed = view.settings(Settings).allow
    for change in done:
        if not _allowed(change, allowed):
            yield _violation(change, instance)
    own, unclaimed = _own_record(instance, {change.act for change in done})
    yield from own
    yield from _restarted(instance, view)
    for reason in (unclaimed, missed):
        if reason is not None:
            raise reason


def _counts(change: Change, instance: Instance) -> bool:
    """Whether a change is one of the running instance: a write that left its specification alone is none, and where the
    log does not hold what was written, an untouched generation tells."""
    if change.act != "write":
        return True
    if change.fields_seen is None:
        return change.source == "event" or instance.generation_seen is None or _edits(instance) > 0
    return any(field.path.startswith("/spec/") for field in change.fields_seen)


def _allowed(change: Change, allowed: dict[Act, list[str]]) -> bool:
    who = change.actor_seen.name if change.actor_seen else ""
    return bool(who) and any(fnmatchcase(who, pattern) for pattern in allowed.get(change.act, ()))


def _violation(change: Change, instance: Instance) -> Violation:
    code, told = CODES[change.act]
    if change.actor_seen is None:
        return Violation(code, f"its specification was changed: {change.note}", [(change, "note")], since=change.time)
    what = f": {change.command}" if change.command else f": {change.summary}" if change.summary else ""
    times = f", {change.count} times until {change.last}" if change.count > 1 else ""
    evidence = [(change, "who"), (change, "time"), *([(change, "command")] if change.command else [])]
    evidence += [(change, "summary")] if change.fields_seen else []
    on = next((c for c in instance.containers if c.name == change.container), None)
    where = f" (container {on.name})" if on is not None and len(instance.containers) > 1 else ""
    return Violation(code, f"{change.who} {told}{where}{times}{what}", evidence, since=change.time)


def _own_record(instance: Instance, known: set[Act]) -> tuple[list[Violation], NotObserved | None]:
    """What the instance's own record shows of acts that the log does not, and why that can't be told."""
    found: list[Violation] = []
    added = [c for c in instance.containers if c.role == "ephemeral"]
    if added and "ephemeral-container" not in known:
        told = f"a container was added to it while it ran: {', '.join(c.name for c in added)}"
        found.append(Violation("ephemeral-container", told, [(c, "image") for c in added], since=added[0].started))
    if "write" in known:
        return found, None
    if instance.writes_seen is None:
        if _edits(instance) - len(added) > 0:
            told = "its specification was changed after it was made: its generation counts each change"
            found.append(Violation("patched-after-creation", told, [(instance, "generation")]))
        return found, None
    later = [write for write in instance.writes_seen if write.owns and _while_it_ran(write, instance)]
    for write in later:
        if write.subresource == "resize" and "resize" not in known:
            found.append(_claimed("resized", "resized it in place", write))
        elif not write.subresource:
            found.append(_claimed("patched-after-creation", "changed its specification after it was made", write))
    if not later and instance.generation_seen is not None and _edits(instance) - len(added) > 0 and not known:
        return found, NotObserved(
            f"its generation is {instance.generation}: its specification was changed, and no field manager claims it",
            "change-unclaimed",
            "give the audit log: it says whether that was before it ran",
        )
    return found, None


def _edits(instance: Instance) -> int:
    """How often its specification was changed after creation; deletion counts as one in the API, and not here."""
    return 0 if instance.generation_seen is None else instance.generation - 1 - bool(instance.deleted)


def _while_it_ran(write: Write, instance: Instance) -> bool:
    """Whether a write came after the instance had started; before that, it is a controller's part of making it."""
    first = min((c.started for c in instance.containers if c.started and not c.restarts), default="")
    return write.time > (first or instance.created)


def _claimed(code: str, told: str, write: Write) -> Violation:
    message = f"field manager {write.manager} {told}: {write.owned}"
    return Violation(code, message, [(write, "manager"), (write, "time"), (write, "owned")], since=write.time)


def _restarted(instance: Instance, view: View) -> Violations:
    """Violations for containers that run another image than before a restart, though they name the same."""
    for container in instance.containers:
        reference = parse_image(container.image)
        if not container.restarts or not container.image_id_seen or reference is None or reference.digest:
            continue
        ran = view.past(container, f"runs:{container.name}")
        if ran and ran[-1].value != container.image_id and _named_the_same(container, view):
            yield Violation(
                "restarted-other-image",
                f"restarted under another image, though it names {container.image} as before: its tag was moved",
                [(ran[-1], "value"), (container, "image_id"), (container, "restarts")],
                on=container,
                since=container.started,
            )
        elif not _remembered_from_its_start(container, view):
            raise NotObserved(
                f"container {container.name} restarted {container.restarts} times under {container.image}, a tag, and "
                "which image it ran before is not remembered",
                "restarted-before-history",
                "pin the image by digest",
            )


def _named_the_same(container: Container, view: View) -> bool:
    named = view.past(container, f"image:{container.name}")
    return bool(named) and named[-1].value == container.image


def _remembered_from_its_start(container: Container, view: View) -> bool:
    """Whether an earlier look saw the container before its first restart."""
    ran = view.past(container, f"runs:{container.name}")
    restarted = view.past(container, f"restarts:{container.name}")
    return bool(ran) and (not restarted or restarted[0].first > ran[0].first)
