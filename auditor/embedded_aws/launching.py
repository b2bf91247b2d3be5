"""What a group launches: its launch template's version, launch configuration or mixed instances policy, resolved to
numbers, and the launch itself with all that the template says."""

from __future__ import annotations

from typing import Any

import msgspec
from moto.core.exceptions import ServiceException

from auditor.embedded_aws import trail, world

Setting = dict[str, Any]  # LaunchTemplate, LaunchConfigurationName or MixedInstancesPolicy, as the API takes them


class CannotLaunch(Exception):
    """EC2 refuses a launch; the message is what the scaling activity says."""


class Launch(msgspec.Struct, frozen=True):
    """One thing that a group may launch: a numbered launch template version (`template`, `name`, `version`) or a launch
    configuration, with what an override changes. `data` is the LaunchTemplateData."""

    template: str
    name: str
    version: int
    configuration: str
    instance_type: str
    image: str
    weight: int
    data: dict[str, Any]

    @property
    def same(self) -> tuple[str, int, str, str]:
        """What skip matching compares, with the instance type apart."""
        return self.template, self.version, self.configuration, self.image


def options(group: Any, setting: Setting) -> list[Launch]:
    """All that a setting can launch, in its order of preference. Raises `CannotLaunch` where what it names is gone."""
    try:
        if name := setting.get("LaunchConfigurationName"):
            found = group.autoscaling_backend.launch_configurations[name]
            return [Launch("", "", 0, name, found.instance_type, found.image_id, 1, {})]
        if policy := setting.get("MixedInstancesPolicy"):
            spec = policy["LaunchTemplate"]["LaunchTemplateSpecification"]
            overrides = policy["LaunchTemplate"].get("Overrides") or [{}]
            return [_option(group, one.get("LaunchTemplateSpecification") or spec, one) for one in overrides]
        return [_option(group, setting["LaunchTemplate"], {})]
    except (ServiceException, KeyError, IndexError, ValueError) as error:
        raise CannotLaunch(f"You must use a valid fully-formed launch template. {error}") from error


def _option(group: Any, spec: dict[str, Any], override: dict[str, Any]) -> Launch:
    ec2 = group.ec2_backend
    identifier, name = spec.get("LaunchTemplateId"), spec.get("LaunchTemplateName")
    template = ec2.get_launch_template(identifier) if identifier else ec2.get_launch_template_by_name(name)
    version = template.get_version(spec.get("Version") or "$Default")
    return Launch(
        template=template.id,
        name=template.name,
        version=version.number,
        configuration="",
        instance_type=override.get("InstanceType") or version.data.get("InstanceType", "m1.small"),
        image=_image(group, override.get("ImageId") or version.data.get("ImageId", "")),
        weight=int(override.get("WeightedCapacity") or 1),
        data=version.data,
    )


def _image(group: Any, named: str) -> str:
    """An image's id; that of a parameter where the template says `resolve:ssm:NAME`."""
    if not named.startswith("resolve:ssm:"):
        return named
    from moto.ssm.models import ssm_backends

    parameter = ssm_backends[group.account_id][group.region].get_parameter(named.removeprefix("resolve:ssm:"))
    if parameter is None:
        raise KeyError(named)
    return str(parameter.value)


def check(group: Any, launch: Launch) -> None:
    """Raises `CannotLaunch` where EC2 would refuse."""
    if reason := world.current().refused_launches.get(group.name):
        raise CannotLaunch(reason)
    if launch.image not in group.ec2_backend.amis:
        raise CannotLaunch(f"The image id '[{launch.image}]' does not exist. Launching EC2 instance failed.")


def run(group: Any, launch: Launch, spot: bool) -> Any:
    """Start one EC2 instance of a group; gives moto's instance."""
    check(group, launch)
    tags = group.get_propagated_tags() | {"aws:autoscaling:groupName": group.name}
    given = _given(group, launch) | {
        "instance_type": launch.instance_type,
        "is_instance_type_default": False,
        "region_name": group.region,
        "tags": {"instance": tags},
        **({"instance_market_options": "spot"} if spot else {}),
    }
    user_data = launch.data.get("UserData") if launch.template else group.launch_config.user_data
    groups = [] if launch.template else group.launch_config.security_groups
    reservation = group.ec2_backend.run_instances(launch.image, 1, user_data, groups, **given)
    instance = reservation.instances[0]
    _say(group, launch)
    return instance


def _given(group: Any, launch: Launch) -> dict[str, Any]:
    """What is handed to `run_instances`: a template, or what a launch configuration says."""
    subnet = group.vpc_zone_identifier.split(",")[0] if group.vpc_zone_identifier else None
    if not launch.template:
        configuration = group.launch_config
        return {
            "key_name": configuration.key_name,
            "launch_config": configuration,
            "associate_public_ip": configuration.associate_public_ip_address,
            "placement": group.availability_zones[0],
            "subnet_id": subnet,
        }
    return {
        "launch_template": {"LaunchTemplateId": launch.template, "Version": str(launch.version)},
        "placement": group.availability_zones[len(group.instance_states) % len(group.availability_zones)],
        "subnet_id": subnet,
    }


def _say(group: Any, launch: Launch) -> None:
    """CloudTrail tells a launch of Auto Scaling's as its own."""
    told: dict[str, Any] = {"ImageId": launch.image, "MinCount": 1, "MaxCount": 1, "InstanceType": launch.instance_type}
    if launch.template:
        told["LaunchTemplate"] = {"LaunchTemplateId": launch.template, "Version": str(launch.version)}
    trail.by_service(group.account_id, group.region, "RunInstances", told)
