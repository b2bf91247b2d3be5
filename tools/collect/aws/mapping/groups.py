"""Auto Scaling groups as workloads: what they launch, how they replace, and what keeps members of a release before."""

from __future__ import annotations

from tools.collect.aws.mapping.mixed import named_versions, overrides_of, own
from tools.collect.aws.mapping.releases import Made
from tools.collect.aws.mapping.rollouts import stays, strategy_of
from tools.collect.aws.wire import autoscaling as wire
from tools.model.group import Group
from tools.model.identity import Ref
from tools.model.workload import Rollout, Workload

KIND = "AutoScalingGroup"
VERSIONS_KEPT = 10_000
"""How many versions EC2 keeps of a launch template (a documented quota): it cuts no history off by itself."""


def ref_of(scope: str, group: wire.Group) -> Ref:
    """The reference of a group: its name, and its ARN as uid."""
    name = group.auto_scaling_group_name
    return Ref(scope, KIND, "", name, group.auto_scaling_group_arn or name)


def workload_of(
    group: wire.Group, ref: Ref, made: Made, refresh: wire.Refresh | None, rollout: Rollout | None, seen: Group
) -> Workload:
    """A group as a workload. Where its current release can't be told, `template` and `current` are empty, which matches
    no release: what is asked of it raises."""
    current = made.current
    return Workload(
        ref=ref,
        version="",
        read=True,
        replicas=_replicas(group),
        template=current.template if current is not None else "",
        rollout_seen=rollout,
        created=group.created_time,
        current=current.ref.name if current is not None else "",
        number=current.number if current is not None else None,
        release_kind=made.kind,
        strategy=strategy_of(group, refresh),
        history_limit=VERSIONS_KEPT if made.kind == "LaunchTemplateVersion" else None,
        group_seen=seen,
    )


def unread(owner: Ref) -> Workload:
    """What keeps instances and was not read: a group that went between two calls, a fleet, a cluster's controller."""
    return Workload(ref=owner, version="", read=False)


def group_of(group: wire.Group, refresh: wire.Refresh | None, warm: int | None, hooks: list[wire.Hook]) -> Group:
    """What only a group of servers has; `warm` is how many members its warm pool was seen to hold. What a refresh does
    not say is the API's default."""
    pool = group.warm_pool_configuration
    wanted = (refresh.preferences or wire.Preferences()) if refresh is not None else None
    reuse = pool.instance_reuse_policy if pool is not None else None
    return Group(
        named=group.launch_configuration_name or ", ".join(named_versions(group)),
        overrides=own(overrides_of(group)),
        suspended=tuple(sorted(process.process_name for process in group.suspended_processes)),
        skip_matching=bool(wanted.skip_matching) if wanted is not None else None,
        protect_new=group.new_instances_protected_from_scale_in,
        protected=(wanted.scale_in_protected_instances or "Wait") if wanted is not None else "",
        standby=(wanted.standby_instances or "Wait") if wanted is not None else "",
        strategy=(refresh.strategy or "Rolling") if refresh is not None else "",
        refresh=refresh.instance_refresh_id if refresh is not None else "",
        warm_reuse=(reuse.reuse_on_scale_in if reuse is not None else False) if pool is not None else None,
        warm=group.warm_pool_size if warm is None else warm,
        hooks=tuple(sorted(_hook(hook) for hook in hooks)),
    )


def _replicas(group: wire.Group) -> int:
    """How many instances it is to keep. A capacity in weights or in virtual processors names no number: then as many as
    there are."""
    weighted = any(override.weighted_capacity not in ("", "1") for override in overrides_of(group))
    if weighted or group.desired_capacity_type not in ("", "units"):
        return sum(1 for member in group.instances if stays(member))
    return group.desired_capacity


def _hook(hook: wire.Hook) -> str:
    transition = hook.lifecycle_transition.removeprefix("autoscaling:")
    return f"{hook.lifecycle_hook_name}/{transition}/{hook.heartbeat_timeout or ''}"
