"""Planted faults: each scenario is a file named after it, and returns what it planted.

The labels come from what the scenario did and from the API objects' uids, never from the auditor; they are
written to a file before anything is audited.
"""

from tests.lab.scenarios.admission_rewrites import admission_rewrites
from tests.lab.scenarios.broken_release import broken_release
from tests.lab.scenarios.drifted_node import drifted_node
from tests.lab.scenarios.half_rollout import half_rollout
from tests.lab.scenarios.healthy_release import healthy_release
from tests.lab.scenarios.odd_reference import odd_reference
from tests.lab.scenarios.patched_in_place import patched_in_place
from tests.lab.scenarios.planted import Planted
from tests.lab.scenarios.tagged_release import tagged_release
from tests.lab.scenarios.unread_owners import unread_owners

__all__ = [
    "Planted",
    "admission_rewrites",
    "broken_release",
    "drifted_node",
    "half_rollout",
    "healthy_release",
    "odd_reference",
    "patched_in_place",
    "tagged_release",
    "unread_owners",
]
