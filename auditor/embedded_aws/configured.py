"""What an Auto Scaling group is configured to: what it launches, which processes are suspended, its other settings."""

from __future__ import annotations

from typing import Any

from moto.autoscaling import models as autoscaling

from auditor.embedded_aws import activities, world
from auditor.embedded_aws.launching import Setting

EXTRAS = {
    "DefaultInstanceWarmup": "default_instance_warmup",
    "InstanceMaintenancePolicy": "instance_maintenance_policy",
}
_Base: Any = autoscaling.FakeAutoScalingGroup


class Configured(_Base):  # type: ignore[misc]
    """moto's group with the settings corrected."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.activities: list[Any] = []
        self.refreshes: list[Any] = []
        self.desired_setting: Setting | None = None  # while a refresh brings another one
        self.default_instance_warmup: int | None = None
        self.instance_maintenance_policy: dict[str, int] | None = None
        self._suspended: dict[str, str] = {}
        self.launch_configuration_name: str | None = None
        super().__init__(*args, **kwargs)
        self.created_time = world.current().now()

    @property
    def suspended_processes(self) -> list[dict[str, str]]:
        """As the API tells them, with the time."""
        return [{"ProcessName": name, "SuspensionReason": reason} for name, reason in self._suspended.items()]

    @suspended_processes.setter
    def suspended_processes(self, names: list[str]) -> None:
        said = f"User suspended at {activities.text(world.current().now())}"
        self._suspended = {name: self._suspended.get(name, said) for name in sorted(names)}

    def suspended(self, process: str) -> bool:
        """Whether a process is suspended."""
        return process in self._suspended

    @property
    def setting(self) -> Setting:
        """What it launches from, as the API takes it."""
        if self.mixed_instances_policy:
            return {"MixedInstancesPolicy": self.mixed_instances_policy}
        if self.ec2_launch_template:
            named = self.provided_launch_template_version
            return {"LaunchTemplate": {"LaunchTemplateId": self.ec2_launch_template.id, "Version": named}}
        return {"LaunchConfigurationName": self.launch_configuration_name}

    def adopt(self, setting: Setting) -> None:
        """Launch from this from now on, and from nothing else."""
        for name in ("ec2_launch_template", "mixed_instances_policy", "launch_config", "launch_configuration_name"):
            setattr(self, name, None)
        if policy := setting.get("MixedInstancesPolicy"):
            self.mixed_instances_policy = policy
        name, template = setting.get("LaunchConfigurationName", ""), setting.get("LaunchTemplate", {})
        self._set_launch_configuration(name, template, policy)

    @property
    def launch_template(self) -> dict[str, Any] | None:
        """As the API tells it: not of a group with a mixed instances policy, and with the version as it was named."""
        named: dict[str, Any] | None = None if self.mixed_instances_policy else super().launch_template
        return named

    def update(self, **asked: Any) -> None:
        """What an update asks for and no more: moto's forgets a mixed instances policy, and keeps what it replaces."""
        self._set_azs_and_vpcs(asked["availability_zones"], asked["vpc_zone_identifier"], update=True)
        named = {
            "LaunchConfigurationName": asked["launch_config_name"],
            "LaunchTemplate": asked["launch_template"],
            "MixedInstancesPolicy": asked.get("mixed_instances_policy"),
        }
        if setting := {key: value for key, value in named.items() if value}:
            self.adopt(setting)
        kept = ("max_size", "min_size", "health_check_type", "new_instances_protected_from_scale_in")
        for name in kept:
            if asked.get(name) is not None:
                setattr(self, name, asked[name])
        if asked["health_check_period"] is not None:
            self.health_check_grace_period = asked["health_check_period"]
        desired = asked["desired_capacity"]
        if desired is None:
            desired = min(max(self.desired_capacity, self.min_size or 0), self.max_size)
        if desired != self.desired_capacity:
            self.set_desired_capacity(desired)
