"""Planted faults: each scenario is a file named after it, and returns what it planted.

The labels come from what the scenario did and from the API objects' uids, never from the auditor; they are
written to a file before anything is audited.
"""

from tests.lab.scenarios.admission_rewrites import admission_rewrites
from tests.lab.scenarios.autoscaled import autoscaled
from tests.lab.scenarios.batch import batch
from tests.lab.scenarios.broken_release import broken_release
from tests.lab.scenarios.changed_by_hand import changed_by_hand
from tests.lab.scenarios.debugged import debugged
from tests.lab.scenarios.drifted_node import drifted_node
from tests.lab.scenarios.entered_by_exec import entered_by_exec
from tests.lab.scenarios.entered_otherwise import entered_otherwise
from tests.lab.scenarios.forgotten_history import forgotten_history
from tests.lab.scenarios.half_rollout import half_rollout
from tests.lab.scenarios.healthy_release import healthy_release
from tests.lab.scenarios.healthy_sets import healthy_sets
from tests.lab.scenarios.held_updates import held_updates
from tests.lab.scenarios.moved_tag import restarted_by_moved_tag, started_by_moved_tag, tag_in_use
from tests.lab.scenarios.never_ready_pod import never_ready_pod
from tests.lab.scenarios.odd_reference import odd_reference
from tests.lab.scenarios.patched_in_place import patched_in_place
from tests.lab.scenarios.planted import Planted
from tests.lab.scenarios.tagged_release import tagged_release
from tests.lab.scenarios.unmanaged_pods import unmanaged_pods
from tests.lab.scenarios.unread_owners import unread_owners
from tests.lab.scenarios.unusual_owners import unusual_owners
from tests.lab.scenarios.visited import visited

__all__ = [
    "Planted",
    "admission_rewrites",
    "autoscaled",
    "batch",
    "broken_release",
    "changed_by_hand",
    "debugged",
    "drifted_node",
    "entered_by_exec",
    "entered_otherwise",
    "forgotten_history",
    "half_rollout",
    "healthy_release",
    "healthy_sets",
    "held_updates",
    "never_ready_pod",
    "odd_reference",
    "patched_in_place",
    "restarted_by_moved_tag",
    "started_by_moved_tag",
    "tag_in_use",
    "tagged_release",
    "unmanaged_pods",
    "unread_owners",
    "unusual_owners",
    "visited",
]
