"""Lifecycle hooks: a member that comes or goes waits until each hook is completed, or its time is over and its default
result holds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from auditor.embedded_aws.members import Member

COMING, GOING = "autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"
WAITING = ("Pending:Wait", "Terminating:Wait")


def hold(group: Any, member: Member, transition: str, now: datetime) -> bool:
    """Let a member wait for the group's hooks of a transition; False where there are none."""
    known = group.autoscaling_backend.describe_lifecycle_hooks(group.name)
    found = [hook for hook in known if hook.lifecycle_transition == transition]
    member.hooks = {hook.name: (now + timedelta(seconds=hook.heartbeat_timeout), hook.default_result) for hook in found}
    if found:
        member.lifecycle_state = "Pending:Wait" if transition == COMING else "Terminating:Wait"
        member.activity.update(StatusCode="MidLifecycleAction", Progress=50)
    return bool(found)


def lapse(member: Member, now: datetime) -> bool:
    """Let hooks whose time is over have their default result; whether the member now waits for none."""
    for name, (until, result) in list(member.hooks.items()):
        if until <= now:
            complete(member, name, result)
    return not member.hooks


def complete(member: Member, name: str, result: str) -> None:
    """A hook's result: who is abandoned waits for no other hook."""
    del member.hooks[name]
    if result == "ABANDON":
        member.abandoned = True
        member.hooks.clear()
