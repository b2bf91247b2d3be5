"""The operations by which somebody answers a lifecycle hook."""

from __future__ import annotations

from datetime import timedelta

from auditor.embedded_aws import groups, hooks
from auditor.embedded_aws.call import Answer, Call, operation
from auditor.embedded_aws.members import Member
from auditor.embedded_aws.preferences import invalid


@operation("autoscaling", "CompleteLifecycleAction")
def complete_lifecycle_action(call: Call) -> Answer:
    """Say that what a hook waits for is done (CONTINUE), or that the instance is to go (ABANDON)."""
    member, name = _waiting(call)
    hooks.complete(member, name, call.get("LifecycleActionResult"))
    return {}


@operation("autoscaling", "RecordLifecycleActionHeartbeat")
def record_lifecycle_action_heartbeat(call: Call) -> Answer:
    """Ask for the hook's whole time once more."""
    member, name = _waiting(call)
    group = member.auto_scaling_group
    (hook,) = group.autoscaling_backend.describe_lifecycle_hooks(group.name, [name])
    member.hooks[name] = call.now + timedelta(seconds=hook.heartbeat_timeout), hook.default_result
    return {}


def _waiting(call: Call) -> tuple[Member, str]:
    """The member that waits for the hook that a call names."""
    group = groups.found(call.account, call.region, call.get("AutoScalingGroupName", ""))
    wanted, name = call.get("InstanceId"), call.get("LifecycleHookName", "")
    for member in group.instance_states if group else ():
        if member.instance.id == wanted and member.lifecycle_state in hooks.WAITING and name in member.hooks:
            return member, name
    raise invalid(f"No active Lifecycle Action found with instance ID {wanted}")
