"""What was done to servers: CloudTrail's events and the services' own records, as changes with their actors."""

from __future__ import annotations

from tools.collect.aws.changes.events import ACTS as EVENTS
from tools.collect.aws.changes.gathering import Acts, of
from tools.collect.aws.changes.trail import Trail, is_trail, trail

__all__ = ["EVENTS", "Acts", "Trail", "is_trail", "of", "trail"]
