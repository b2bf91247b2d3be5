"""What Auto Scaling, Systems Manager and EBS say of a generated group: it, its refreshes, activities, disks."""

from __future__ import annotations

from bench import aws_objects as o
from bench.aws_groups import IMAGE_OF, SIZE, VERSIONS, ServerGroup
from bench.aws_objects import ACCOUNT, REGION, ZONES, Object, ago, made, unique

ROLE = "aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"


def group(of: ServerGroup) -> Object:
    """It as `DescribeAutoScalingGroups` returns it."""
    named = {"LaunchTemplateId": of.template, "LaunchTemplateName": of.name}
    return {
        "AutoScalingGroupName": of.name,
        "AutoScalingGroupARN": of.arn,
        "LaunchTemplate": {**named, "Version": of.named},
        "MinSize": SIZE,
        "MaxSize": 2 * SIZE,
        "DesiredCapacity": SIZE,
        "DefaultCooldown": 300,
        "AvailabilityZones": [zone for zone, _ in ZONES],
        "LoadBalancerNames": [],
        "TargetGroupARNs": [
            f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/{of.name}/{made('t', of.name)[3:]}"
        ],
        "HealthCheckType": "ELB",
        "HealthCheckGracePeriod": 120,
        "Instances": [_member(of, index, named) for index in range(SIZE)],
        "CreatedTime": ago(of.now, days=200),
        "SuspendedProcesses": [],
        "VPCZoneIdentifier": ",".join(made("subnet", zone) for zone, _ in ZONES),
        "EnabledMetrics": [],
        "Tags": [
            {
                "ResourceId": of.name,
                "ResourceType": "auto-scaling-group",
                "Key": key,
                "Value": value,
                "PropagateAtLaunch": True,
            }
            for key, value in (("Name", of.name), ("product", of.product))
        ],
        "TerminationPolicies": ["OldestLaunchTemplate", "Default"],
        "NewInstancesProtectedFromScaleIn": False,
        "ServiceLinkedRoleARN": f"arn:aws:iam::{ACCOUNT}:role/{ROLE}",
        "CapacityRebalance": False,
        "DefaultInstanceWarmup": 60,
        "TrafficSources": [],
        "InstanceMaintenancePolicy": {"MinHealthyPercentage": 90, "MaxHealthyPercentage": 110},
    }


def _member(of: ServerGroup, index: int, named: Object) -> Object:
    instance = of.instances[index]
    return {
        "InstanceId": instance["InstanceId"],
        "InstanceType": of.type,
        "AvailabilityZone": instance["Placement"]["AvailabilityZone"],
        "LifecycleState": "InService",
        "HealthStatus": "Healthy",
        "LaunchTemplate": {**named, "Version": str(of.version_of(index))},
        "ProtectedFromScaleIn": _protected(of, index),
    }


def _protected(of: ServerGroup, index: int) -> bool:
    """Every other stale member was kept since it is protected from scale-in; the others' refresh was cancelled."""
    return of.version_of(index) != VERSIONS and of.number % 2 == 0


def refreshes(of: ServerGroup) -> list[Object]:
    """Its last two instance refreshes, the newest first."""
    return [_refresh(of, VERSIONS, of.days, cancelled="stale" in of.faults and of.number % 2 == 1), _earlier(of)]


def _earlier(of: ServerGroup) -> Object:
    return _refresh(of, VERSIONS - 1, of.days + 30, cancelled=False)


def _refresh(of: ServerGroup, version: int, days: int, *, cancelled: bool) -> Object:
    named = {"LaunchTemplateId": of.template, "LaunchTemplateName": of.name, "Version": str(version)}
    return {
        "InstanceRefreshId": unique(of.name, "refresh", version),
        "AutoScalingGroupName": of.name,
        "Status": "Cancelled" if cancelled else "Successful",
        **({"StatusReason": "Cancelled due to user request."} if cancelled else {}),
        "StartTime": ago(of.now, days=days, minutes=2),
        "EndTime": ago(of.now, days=days, minutes=-34),
        "PercentageComplete": 98 if cancelled else 100,
        "InstancesToUpdate": 1 if cancelled else 0,
        "Preferences": {
            "MinHealthyPercentage": 90,
            "MaxHealthyPercentage": 110,
            "InstanceWarmup": 60,
            "SkipMatching": True,
            "AutoRollback": False,
            "ScaleInProtectedInstances": "Ignore",
            "StandbyInstances": "Ignore",
        },
        "DesiredConfiguration": {"LaunchTemplate": named},
        "Strategy": "Rolling",
    }


def activities(of: ServerGroup) -> list[Object]:
    """What the last refresh did, the newest first: each member that it launched, and the one that it ended for it."""
    shown = group(of)
    done = []
    for index, instance in enumerate(of.instances):
        zone, back = (
            instance["Placement"]["AvailabilityZone"],
            of.days + (30 if of.version_of(index) != VERSIONS else 0),
        )
        step = -3 * (index // 5)
        start, served, end = (ago(of.now, days=back, minutes=step - more) for more in (0, 1, 2))
        why = f"At {start[:19]}Z an instance was launched in response to an instance refresh."
        text = f"Launching a new EC2 instance: {instance['InstanceId']}"
        done.append(o.activity(shown, start, served, text, why, zone))
        why = f"At {served[:19]}Z an instance was taken out of service in response to an instance refresh."
        text = f"Terminating EC2 instance: {made('i', of.name, index, 'earlier')}"
        done.append(o.activity(shown, served, end, text, why, zone))
    return sorted(done, key=lambda one: str(one["StartTime"]), reverse=True)


def volumes(of: ServerGroup) -> list[Object]:
    """The two volumes of each member."""
    found = []
    for index, instance in enumerate(of.instances):
        number = IMAGE_OF[of.version_of(index)]
        for slot, size, what in ((0, 20, "root"), (1, 50, "data")):
            found.append(o.volume(instance, slot, size, made("snap", of.product, number, what)))
    return found


def managed(of: ServerGroup) -> list[Object]:
    """Its members as Systems Manager knows them."""
    return [
        {
            "InstanceId": instance["InstanceId"],
            "PingStatus": "Online",
            "LastPingDateTime": ago(of.now, minutes=index % 5, seconds=7),
            "AgentVersion": "3.3.3050.0",
            "IsLatestVersion": True,
            "PlatformType": "Linux",
            "PlatformName": "Amazon Linux",
            "PlatformVersion": "2023",
            "ResourceType": "EC2Instance",
            "IPAddress": instance["PrivateIpAddress"],
            "ComputerName": instance["PrivateDnsName"],
            "SourceId": instance["InstanceId"],
            "SourceType": "AWS::EC2::Instance",
        }
        for index, instance in enumerate(of.instances)
    ]
