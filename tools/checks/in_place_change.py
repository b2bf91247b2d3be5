"""Nobody entered or changed a running instance: what runs is what was started.

**Why.** A shell in a container, a copied file, a debug container or a patched pod makes an instance that no release
describes: the next replacement silently undoes it, nobody reviewed it, and until then it is not what was signed.

**What is examined.** What the API server's audit log says was done to each instance (exec, attach, copy, port-forward,
ephemeral containers, resize, a patch of its specification; successful ones, each once), the instance's own record
(ephemeral containers, `metadata.generation`, later entries of managedFields, the kubelet's event that a container's
definition changed), and what earlier looks remember of the image that a container ran before it restarted.

**How to fix.** Delete the pod, so that its controller replaces it from the release. Take `pods/exec`, `pods/attach`,
`pods/portforward`, `pods/ephemeralcontainers` and `patch` on pods from whoever did it, or allow them here for a user
that needs them: `[checks.in-place-change.allow]` maps an act (`exec`, `resize`, …) to user names with `*`. A server is
replaced by its group (`auditor plan --replace i-…`); take `ssm:SendCommand` and `ssm:StartSession` from whoever did it.

**Servers.** The same is asked of CloudTrail and of the services' own records: Run Command, sessions, State Manager,
Patch Manager, Instance Connect, the serial console, ModifyInstanceAttribute, deployments in place, a replaced root
volume. Commands that only look (an inventory, a scan for patches) are none of it. CloudTrail proves who it was and
hides what was run; Systems Manager tells that for 30 days, and alone it does not say who. What comes by ssh without the
API is in no log. An act on targets by tag, whose instances nobody tells, leaves all that were there inconclusive.

**Limits.** A pass says: through the API, in the time that the log covers. It needs the log (of every API server), its
policy, and a log that reaches back to the instance's creation. What is run on the host (crictl, nsenter) is in no audit
log. What places an instance (scheduling gates, node selector, affinity, tolerations) may be written until it has
started. A generation above 1 that neither the log nor a field manager explains may be that, and is inconclusive; so is
a write whose content the log does not hold, and a kubelet's event that nothing else confirms. A container named by tag
that restarted before the first look may have run another image.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

import msgspec

from tools.artifact import other_reference
from tools.check import View, Violation, Violations, check
from tools.model.action import ActionKind
from tools.model.change import ENTERING, Act, Change
from tools.model.nouns import Instance, Write
from tools.model.observation import NotApplicable, NotObserved
from tools.own_record import added, after_start, claims, edits, is_told, places, untouched
from tools.restarts import ran_another

CODES: dict[Act, tuple[str, str]] = {
    "exec": ("exec", "ran a command inside it"),
    "attach": ("attach", "attached to it"),
    "copy": ("copied", "copied files into or out of it"),
    "port-forward": ("port-forward", "opened a port into it"),
    "ephemeral-container": ("ephemeral-container", "added a container to it while it ran"),
    "resize": ("resized", "resized it in place"),
    "write": ("patched-after-creation", "changed its specification after it was made"),
    "run-command": ("run-command", "ran a command on it"),
    "session": ("session", "opened a session on it"),
    "association": ("association", "applied a State Manager association to it"),
    "patch-baseline": ("patched-in-place", "installed patches on it"),
    "instance-connect": ("instance-connect", "pushed an SSH key to it"),
    "serial-console": ("serial-console", "opened its serial console"),
    "modify-attribute": ("attribute-modified", "changed an attribute of it"),
    "deploy-in-place": ("deployed-in-place", "deployed to it in place"),
    "replace-root-volume": ("root-volume-replaced", "replaced its root volume"),
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
    logged: list[Change] = []
    missed: NotObserved | None = None
    try:
        for change in view.changes_to(instance, *ENTERING, "write"):
            logged.append(change)
    except NotObserved as missing:
        missed = missing
    if not logged and untouched(instance):  # nearly every instance of a fleet
        if missed is not None:
            raise missed
        return
    claimed = claims(instance)
    done = [change for change in logged if _counts(change, instance)]
    left = _unexplained(instance, logged)
    allowed = view.settings(Settings).allow
    written = any(change.act == "write" and change.source == "audit-log" for change in done)
    for change in done:
        if not _allowed(change, allowed) and not (written and change.source == "event"):
            yield _violation(change, instance)
    yield from _own_record(instance, done, claimed)
    reasons = [_untold(change) for change in logged if left != 0 and change not in done and _unknown(change)]
    explained = claimed or any(change.source == "event" for change in done)
    if left and not explained and (missed is not None or instance.writes_seen is None):
        reasons.append(_unclaimed(instance))
        found = _other_image(instance, view)
        if found is not None:
            reasons.pop()
            yield found
    yield from _restarted(instance, view, reasons)
    for reason in (*reasons, missed):
        if reason is not None:
            raise reason


def _counts(change: Change, instance: Instance) -> bool:
    """Whether a change is known to be one of the instance: what the log holds of a write says whether it was one of its
    specification, and more than of its placing before it started. A kubelet's event alone may come of the kubelet's own
    upgrade: the generation confirms it."""
    if change.source == "event":
        return bool(edits(instance))
    if change.act not in ("write", "resize"):
        return True
    if change.fields_seen is None:
        return change.act == "resize" and edits(instance) != 0
    paths = _paths(change)
    placed = bool(paths) and after_start(change.last or change.time, instance)
    return placed or not all(places(path) for path in paths)


def _paths(change: Change) -> list[str]:
    return [f.path.removeprefix("/spec/") for f in change.fields_seen or () if f.path.startswith("/spec/")]


def _unknown(change: Change) -> bool:
    return change.act == "write" and change.fields_seen is None


def _unexplained(instance: Instance, logged: list[Change]) -> int | None:
    """How many changes of its specification neither the log nor its own containers account for; None where it has no
    generation."""
    count = edits(instance)
    if count is None:
        return None
    known = [c for c in logged if c.source != "event" and c.act in ("write", "resize") and not _unknown(c)]
    told = sum(change.count for change in known if change.fields_seen is None or _paths(change))
    return max(0, count - len(added(instance)) - told)


def _allowed(change: Change, allowed: dict[Act, list[str]]) -> bool:
    who = change.actor_seen.name if change.actor_seen else ""
    return bool(who) and any(fnmatchcase(who, pattern) for pattern in allowed.get(change.act, ()))


def _violation(change: Change, instance: Instance) -> Violation:
    code, told = CODES[change.act]
    if change.source == "event":
        return Violation(
            code,
            f"its specification was changed: {change.note}",
            [(change, "note")],
            since=change.time,
            remedy=_remedy(instance),
        )
    what = f": {change.command}" if change.command else f": {change.summary}" if change.summary else ""
    times = f", {change.count} times until {change.last}" if change.count > 1 else ""
    who = str(change.actor_seen) if change.actor_seen else "somebody whom the service's own record does not name"
    evidence = [
        *([(change, "user"), (change, "actor_kind")] if change.actor_seen else []),
        (change, "time"),
        *([(change, "command")] if change.command else []),
    ]
    evidence += [(change, "summary")] if change.fields_seen else []
    several = len(instance.containers) > 1 and any(c.name == change.container for c in instance.containers)
    where = f" (container {change.container})" if several else ""
    message = f"{who} {told}{where}{times}{what}"
    return Violation(code, message, evidence, since=change.time, remedy=_remedy(instance))


def _own_record(instance: Instance, done: list[Change], claimed: list[Write]) -> Violations:
    """Violations for what the instance's own record shows of acts that the log does not."""
    named = {change.container for change in done if change.act == "ephemeral-container"}
    unnamed = [c for c in added(instance) if c.name not in named and "" not in named]
    if unnamed:
        told = f"a container was added to it while it ran: {', '.join(c.name for c in unnamed)}"
        images = [(c, "image") for c in unnamed]
        since = unnamed[0].started
        yield Violation("ephemeral-container", told, images, since=since, remedy=_remedy(instance))
    for write in claimed:
        act: Act = "resize" if write.subresource == "resize" else "write"
        if not is_told(write, [change for change in done if change.act == act and change.source != "event"]):
            code, told = CODES[act]
            message = f"field manager {write.manager} {told}: {write.owned}"
            evidence = [(write, "manager"), (write, "time"), (write, "owned")]
            yield Violation(code, message, evidence, since=write.time, remedy=_remedy(instance))


def _other_image(instance: Instance, view: View) -> Violation | None:
    """The violation of a specification that was changed, by its generation, and names another image than its release
    does: no controller's part of placing an instance does that."""
    for container in instance.containers:
        try:
            part = view.template_of(container)
        except NotObserved:  # said by what looks for the release; here its generation is inconclusive all the same
            return None
        if part is not None and other_reference(part, container):
            told = f"its specification was changed after it was made: container {container.name} names another image"
            return Violation(
                "patched-after-creation",
                told,
                [(instance, "generation"), (part, "image"), (container, "image")],
                remedy=_remedy(instance),
            )
    return None


def _remedy(instance: Instance) -> ActionKind | None:
    """What was changed in place is replaced, where a controller would make another one."""
    return "replace-instance" if instance.owner is not None and not instance.static else None


def _restarted(instance: Instance, view: View, reasons: list[NotObserved]) -> Violations:
    """Violations for containers that run another image than before a restart, though they name the same; adds to
    `reasons` why that can't be told of one."""
    for container in instance.containers:
        try:
            before = ran_another(container, view)
        except NotObserved as missing:
            reasons.append(missing)
            continue
        if before is not None:
            yield Violation(
                "restarted-other-image",
                f"restarted under another image, though it names {container.image} as before: its tag was moved",
                [(before, "value"), (container, "image_id"), (container, "restarts")],
                on=container,
                since=container.started,
            )


def _untold(change: Change) -> NotObserved:
    if change.source == "event":
        return NotObserved(
            f"the kubelet says {change.note!r}, and neither a generation nor a field manager confirms that its "
            "specification was changed",
            "event-alone",
            "record with kubectl get --show-managed-fields",
        )
    return NotObserved(
        f"{change.who} wrote to it at {change.time}, and the log does not hold what was written",
        "content-not-logged",
        "let the audit policy record writes of pods at level Request or RequestResponse",
    )


def _unclaimed(instance: Instance) -> NotObserved:
    return NotObserved(
        f"its generation is {instance.generation}: its specification was changed, and no field manager claims it",
        "change-unclaimed",
        "give the audit log, and record with kubectl get --show-managed-fields",
    )
