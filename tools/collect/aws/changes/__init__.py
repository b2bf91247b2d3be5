"""What was done to servers: CloudTrail's events and the services' own records, as changes with their actors."""

from __future__ import annotations

from tools.collect.aws.changes.gathering import Acts, of
from tools.collect.aws.changes.trail import Trail, is_trail, trail

__all__ = ["Acts", "Trail", "is_trail", "of", "trail"]
