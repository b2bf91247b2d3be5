"""What was done to instances and workloads, by whom, and what an audit log could have seen of it.

A change from the audit log names its actor; one from an event does not, and what is asked of it raises. What
managedFields claim is a `Write` (tools/model/instance.py): a claim by a field manager, never a user.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from tools.model.identity import Ref
from tools.model.observation import seen

ActorKind = Literal["person", "pipeline", "controller", "agent", "auditor", "unknown"]
ChangeSource = Literal["audit-log", "event", "cloudtrail", "control-plane"]
"""Where a change is recorded: the API server's audit log, a Kubernetes event, CloudTrail, or the service's own
record of what it did (SSM's commands and sessions, CodeDeploy's deployments, EC2's root volume tasks)."""
Act = Literal[
    "exec",
    "attach",
    "copy",
    "port-forward",
    "ephemeral-container",
    "resize",
    "create",
    "write",
    "scale",
    "evict",
    "delete",
    "run-command",
    "session",
    "association",
    "patch-baseline",
    "instance-connect",
    "serial-console",
    "modify-attribute",
    "deploy-in-place",
    "replace-root-volume",
    "restart",
]
"""What was done. `copy` is an exec of tar as `kubectl cp` runs it; `write` is an update or a patch of the object
itself, `scale` one of its scale subresource. From `run-command` on they are done to servers: SSM Run Command, Session
Manager, State Manager, Patch Manager, EC2 Instance Connect, the serial console, ModifyInstanceAttribute, a CodeDeploy
deployment of type IN_PLACE (or cfn-hup), CreateReplaceRootVolumeTask (or a refresh of that strategy), and a stop with a
start or a reboot."""

ENTERING: tuple[Act, ...] = (
    "exec",
    "attach",
    "copy",
    "port-forward",
    "ephemeral-container",
    "resize",
    "run-command",
    "session",
    "association",
    "patch-baseline",
    "instance-connect",
    "serial-console",
    "modify-attribute",
    "deploy-in-place",
    "replace-root-volume",
)
"""The acts that enter or change a running instance and leave its release alone."""


class Actor(msgspec.Struct, frozen=True, gc=False, order=True):
    """Who did it: the user's name (`user.username`; empty where the event has none), what kind of actor that is and the
    rule that says so, and who impersonated it (`user` where `impersonatedUser` is the one who acted; empty: nobody)."""

    name: str
    kind: ActorKind
    rule: str = ""
    impersonator: str = ""

    def __str__(self) -> str:
        who = self.name or "an unnamed user"
        told = f"{who} ({self.kind})"
        return f"{told}, impersonated by {self.impersonator}" if self.impersonator else told


class FieldChange(msgspec.Struct, frozen=True, gc=False, order=True):
    """One field that a change wrote: its path below the object (list items by their name: `/spec/template/spec/
    containers/app/image`), and its value before and after as JSON text. `before` is None where the log does not hold
    it, `after` None where the field was removed. Values of environment variables are never kept."""

    path: str
    before: str | None = None
    after: str | None = None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One recorded act, or a series of equal ones (`count`, from `time` to `last`, RFC 3339 UTC).

    `ref` is the object that it was done to, with its uid where that is known (the object may be gone), `root` the root
    owner; `version` the first one's audit id (`auditID`), or an event's uid. `tool` is the field manager of the
    request, else the first word of the user agent: a claim. `container` and `command` are the act's own, where it has
    them; `verb` the request's (`patch`); `fields` are None where the record does not hold what was written (an audit
    level below Request). `plan` is the plan whose mark the request bears: a claim, until a ledger proves it.
    """

    ref: Ref
    time: str
    act: Act
    version: str
    source: ChangeSource
    root: Ref
    last: str = ""
    count: int = 1
    actor_seen: Actor | None = None
    tool: str = ""
    container: str = ""
    command: str = ""
    fields_seen: tuple[FieldChange, ...] | None = None
    plan: str = ""
    note: str = ""
    verb: str = ""

    @property
    def order(self) -> tuple[str, str, str]:
        """What changes are sorted by: time, audit id, act."""
        return self.time, self.version, self.act

    @property
    def actor(self) -> Actor:
        """Who did it: only the audit log proves that."""
        return seen(self.actor_seen, self.ref, "who changed it (only the audit log proves that)")

    @property
    def who(self) -> str:
        """The actor's name and kind, in words."""
        return str(self.actor)

    @property
    def user(self) -> str:
        """The actor's name, as the log has it."""
        return self.actor.name

    @property
    def actor_kind(self) -> str:
        """What kind of actor that is, and by which rule: ours, not the log's."""
        return f"{self.actor.kind} ({self.actor.rule})" if self.actor.rule else self.actor.kind

    @property
    def fields(self) -> tuple[FieldChange, ...]:
        """What was written, field by field."""
        return seen(self.fields_seen, self.ref, "what was written (the audit level was below Request)")

    @property
    def summary(self) -> str:
        """The fields in words: `/spec/replicas: 3 → 5`."""
        return "; ".join(_said(field) for field in self.fields_seen or ())


def _said(field: FieldChange) -> str:
    after = "removed" if field.after is None else field.after
    return f"{field.path}: {after}" if field.before is None else f"{field.path}: {field.before} → {after}"


class Blind(msgspec.Struct, frozen=True, order=True):
    """Acts that a log could not have recorded (or of which it does not tell on what), why (the policy's rule), for
    whom, where, and on which kinds of object: empty users, namespaces and kinds mean everybody, everywhere and all.
    `names` are the objects alone that it is about, where that is known (empty: all).
    `mend` is what would close it (empty: another policy)."""

    act: Act
    reason: str
    users: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    mend: str = ""
    names: tuple[str, ...] = ()


class Watch(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """What an audit log could have seen of a scope: from when to when (RFC 3339 UTC), and under which policy. With
    `policy` empty nobody knows what it leaves out, and absence proves nothing. `broken` says why even inside that time
    it is not whole (a truncated or unreadable line; empty: it is)."""

    scope: str
    since: str
    until: str
    name: str
    policy: str = ""
    blind: tuple[Blind, ...] = ()
    broken: str = ""
