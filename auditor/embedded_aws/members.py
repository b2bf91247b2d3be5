"""A group's instance, which knows what it was launched from."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from moto.autoscaling import models as autoscaling

from auditor.embedded_aws.activities import Activity
from auditor.embedded_aws.launching import Launch

_Base: Any = autoscaling.InstanceState


class Member(_Base):  # type: ignore[misc]
    """moto's, corrected. `by` marks the refresh that launched it, `ready_at` when its launch, the `activity`, ends."""

    launch: Launch | None = None
    by: str = ""
    spot: bool = False
    ready_at: datetime
    activity: Activity
    hooks: dict[str, tuple[datetime, str]] = {}  # noqa: RUF012 - replaced, not written to, where there are some
    abandoned: bool = False

    @property
    def launch_template(self) -> dict[str, Any] | None:
        """The numbered version; none where it was attached or launched from a configuration."""
        if self.launch is None or not self.launch.template:
            return None
        number = str(self.launch.version)
        return {"LaunchTemplateId": self.launch.template, "LaunchTemplateName": self.launch.name, "Version": number}

    @property
    def launch_configuration_name(self) -> str | None:
        """The launch configuration that it was launched from."""
        return (self.launch.configuration or None) if self.launch else None
