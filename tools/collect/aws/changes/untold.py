"""What the services' own records tell that no event of CloudTrail did: the act is proven, mostly not by whom."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

from tools.collect.aws.changes.documents import act_of, effect_of, told
from tools.collect.aws.changes.making import Making
from tools.collect.aws.changes.services import ROOT_VOLUME
from tools.collect.aws.changes.whom import owner
from tools.model.change import Actor
from tools.model.times import parsed

SAME = timedelta(hours=6)
"""How long after its command, or after its association was applied, a run of Patch Manager may end."""
_CREATORS = {
    "autoscaling": "autoscaling.amazonaws.com",
    "autoscalingTermination": "autoscaling.amazonaws.com",
    "CloudFormation": "cloudformation.amazonaws.com",
    "CloudFormationRollback": "cloudformation.amazonaws.com",
    "codeDeployRollback": "codedeploy.amazonaws.com",
    "CodeDeploy": "codedeploy.amazonaws.com",
    "CodeDeployAutoUpdate": "codedeploy.amazonaws.com",
}
"""`creator` of a deployment, where it is not `user`."""


def tell(making: Making) -> None:
    """Add what CloudTrail did not tell."""
    _commands(making)
    _sessions(making)
    _associations(making)
    _unread(making)
    _patches(making)
    _deployments(making)
    _root_volumes(making)


def _commands(making: Making) -> None:
    services = making.services
    for command in {*services.commands, *services.invoked} - making.told:
        asked = services.commands.get(command)
        if asked is None:
            if any(run.instance_id.startswith("i-") for run in services.invoked[command]):
                making.unknown(
                    "run-command", making.moment, f"command {command} is not among those of ssm.ListCommands"
                )
            continue
        reached = services.ran_on(command, [])
        effect = effect_of(asked.document_name, asked.parameters)
        if effect == "reads":
            continue
        if reached is None:
            reason = f"{asked.document_name} at {asked.requested_date_time} went to targets by tag or group"
            making.unknown(act_of(effect), asked.requested_date_time, f"{reason}; its invocations were not read")
        for name in reached or ():
            if name.startswith("i-"):
                making.service(name, asked.requested_date_time, act_of(effect), command, told(asked))


def _sessions(making: Making) -> None:
    for session in making.services.sessions.values():
        if session.session_id in making.told or session.status == "Failed" or not session.target.startswith("i-"):
            continue
        actor = owner(session.owner, making.rules) if session.owner else None
        making.service(session.target, session.start_date, "session", session.session_id, session.document_name, actor)


def _associations(making: Making) -> None:
    services = making.services
    for association, runs in services.applied.items():
        known = services.associations.get(association)
        if association in making.told:
            continue
        document = known.name if known else association
        effect = effect_of(known.name, None) if known else "runs"
        servers = [run for run in runs if run.resource_id.startswith("i-")]
        if effect == "runs":
            for run in (run for run in servers if run.last_execution_date):
                making.scheduled(run, document)
        silent = [run for run in servers if run.resource_id not in services.patches]
        if effect == "scans-or-patches" and silent:
            times = [run.last_execution_date or making.moment for run in silent]
            reason = f"{document}: whether it scanned or installed is not told"
            making.unknown("association", max(times), reason, tuple(sorted(run.resource_id for run in silent)))


def _unread(making: Making) -> None:
    """What no event of CloudTrail tells either, where the service's own record of it was not read."""
    for act, reason in making.services.unread:
        making.unknown(act, making.moment, reason)
    for association in making.services.unapplied():
        reason = f"{association.name or association.association_id}: what it was applied to was not read"
        making.unknown("association", association.last_execution_date or making.moment, reason)


def _patches(making: Making) -> None:
    """An installation of patches that no command tells."""
    known: dict[str, list[str]] = defaultdict(list)
    for change in making.changes:
        if change.act in ("patch-baseline", "run-command") and _patching(change.command):
            known[change.ref.name].append(change.time)
    for state in making.services.patches.values():
        time = state.operation_end_time or state.operation_start_time
        if state.operation != "Install" or making.subjects.before(state.instance_id, time):
            continue
        if any(_soon(command, time) for command in known[state.instance_id]):
            continue
        count = "" if state.installed_count is None else f", {state.installed_count} patches are installed"
        what = f"Patch Manager with baseline {state.baseline_id}{count}"
        version = state.snapshot_id or state.baseline_id
        making.service(state.instance_id, time, "patch-baseline", version, what)


def _patching(command: str) -> bool:
    return effect_of(command.partition(" ")[0].rstrip(":"), None) == "scans-or-patches"


def _soon(one: str, other: str) -> bool:
    first, second = parsed(one), parsed(other)
    return first is not None and second is not None and -timedelta(minutes=1) <= second - first <= SAME


def _deployments(making: Making) -> None:
    services = making.services
    for deployment in services.deployments.values():
        if deployment.deployment_id in making.told:
            continue
        reached = services.in_place(deployment.deployment_id)
        what = f"{deployment.application_name} {deployment.deployment_group_name}"
        if reached is None:
            reason = f"deployment {deployment.deployment_id} of {what} at {deployment.create_time}: its targets"
            reason += " were not read"
            making.unknown("deploy-in-place", deployment.create_time, reason)
            continue
        service = _CREATORS.get(deployment.creator, "")
        actor = Actor(service, "controller", "the deployment's creator") if service else None
        for name in reached:
            making.service(name, deployment.create_time, "deploy-in-place", deployment.deployment_id, what, actor)


def _root_volumes(making: Making) -> None:
    tasks = making.services.tasks
    for task in tasks.values():
        if task.replace_root_volume_task_id in making.told or task.task_state == "failed":
            continue
        origin = task.image_id or task.snapshot_id
        making.service(
            task.instance_id,
            task.start_time,
            "replace-root-volume",
            task.replace_root_volume_task_id,
            f"from {origin}" if origin else "",
        )
    replaced = {c.ref.name for c in making.changes if c.act == "replace-root-volume"}
    for refresh in making.services.refreshes.values():
        if refresh.instance_refresh_id in making.told or refresh.status in ("Failed", "Pending"):
            continue
        if refresh.status != "Successful":
            said = f"a refresh of {refresh.auto_scaling_group_name} with strategy {ROOT_VOLUME} is {refresh.status}"
            making.unknown("replace-root-volume", refresh.start_time, said)
            continue
        for name in making.subjects.members(refresh.auto_scaling_group_name, refresh.start_time):
            if name not in replaced:
                making.service(
                    name, refresh.start_time, "replace-root-volume", refresh.instance_refresh_id, ROOT_VOLUME
                )
