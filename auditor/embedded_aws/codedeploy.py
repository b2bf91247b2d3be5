"""CodeDeploy: the targets of a deployment, which moto does not know. It deploys at once, and well."""

from __future__ import annotations

from typing import Any

from moto.codedeploy.models import codedeploy_backends
from moto.ec2.models import ec2_backends

from auditor.embedded_aws import groups
from auditor.embedded_aws.call import Answer, Call, Refused, operation, page

PHASES = ("ApplicationStop", "DownloadBundle", "BeforeInstall", "Install", "AfterInstall", "ApplicationStart")


def _deployment(call: Call) -> Any:
    wanted = call.get("deploymentId")
    found = codedeploy_backends[call.account][call.region].deployments.get(wanted)
    if found is None:
        raise Refused("DeploymentDoesNotExistException", f"The deployment {wanted} could not be found")
    return found


def _targets(call: Call, deployment: Any) -> list[str]:
    """The running instances of the deployment group: by its tag filters and its Auto Scaling groups."""
    group = deployment.deployment_group
    members = [m.instance.id for name in group.auto_scaling_groups for m in _members(call, name)]
    filters = [f for f in group.ec2_tag_filters if f.get("Key")]
    running = [i for r in ec2_backends[call.account][call.region].reservations.values() for i in r.instances]
    tagged = [i.id for i in running if i.state == "running" and any(_has(i, one) for one in filters)]
    return list(dict.fromkeys([*members, *tagged]))


def _members(call: Call, name: str) -> list[Any]:
    group = groups.found(call.account, call.region, name)
    return group.live() if group else []


def _has(instance: Any, wanted: dict[str, str]) -> bool:
    tags = {tag["key"]: tag["value"] for tag in instance.get_tags()}
    return wanted["Key"] in tags and wanted.get("Value") in (None, tags[wanted["Key"]])


@operation("codedeploy", "ListDeploymentTargets")
def list_deployment_targets(call: Call) -> Answer:
    """The ids of its targets."""
    return page(_targets(call, _deployment(call)), call, "targetIds", "maxResults", 100, "nextToken")


@operation("codedeploy", "BatchGetDeploymentTargets")
def batch_get_deployment_targets(call: Call) -> Answer:
    """What was done to each of the targets asked for."""
    deployment = _deployment(call)
    known = _targets(call, deployment)
    wanted = call.get("targetIds", known)
    if unknown := [one for one in wanted if one not in known]:
        raise Refused("DeploymentTargetDoesNotExistException", f"The target {unknown[0]} does not exist")
    return {"deploymentTargets": [_target(call, deployment, one) for one in wanted]}


def _target(call: Call, deployment: Any, instance: str) -> dict[str, Any]:
    moment = deployment.create_time
    phases = [{"lifecycleEventName": n, "startTime": moment, "endTime": moment, "status": "Succeeded"} for n in PHASES]
    told = {
        "deploymentId": deployment.deployment_id,
        "targetId": instance,
        "targetArn": f"arn:aws:ec2:{call.region}:{call.account}:instance/{instance}",
        "status": "Succeeded",
        "lastUpdatedAt": moment,
        "lifecycleEvents": phases,
    }
    return {"deploymentTargetType": "InstanceTarget", "instanceTarget": told}
