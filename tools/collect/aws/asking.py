"""The calls of what is asked for `each` thing of EC2 and EC2 Auto Scaling: the parameters of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tools.collect.aws import reads_compute as reads
from tools.collect.aws.answers import Answers
from tools.collect.aws.mapping import named

Parameters = dict[str, Any]
Ask = Callable[[Answers], Iterable[Parameters]]
"""What an operation is asked, from what was answered before: the parameters of each call."""

FILTERED = 200
"""The most values that one filter of EC2 takes."""
TYPES = 100
"""The most instance types that one call takes."""
GROUP = "AutoScalingGroupName"


def filtered(name: str, values: list[str]) -> Iterable[Parameters]:
    """Calls that name things by a filter: what is not there is then left out, where its id would be an error."""
    for some in batches(values, FILTERED):
        yield {"Filters": [{"Name": name, "Values": some}]}


def batches(values: list[str], size: int) -> list[list[str]]:
    """The values, some at a time."""
    return [values[at : at + size] for at in range(0, len(values), size)]


ASKED: dict[str, Ask] = {
    reads.TEMPLATE_VERSIONS.key: lambda answers: ({"LaunchTemplateId": one} for one in named.templates(answers)),
    reads.IMAGES.key: lambda answers: filtered("image-id", named.image_ids(answers)),
    reads.SNAPSHOTS.key: lambda answers: filtered("snapshot-id", named.snapshots(answers)),
    reads.INSTANCE_TYPES.key: lambda answers: (
        {"InstanceTypes": some} for some in batches(named.instance_types(answers), TYPES)
    ),
    reads.REFRESHES.key: lambda answers: ({GROUP: name} for name in named.groups(answers)),
    reads.WARM_POOLS.key: lambda answers: ({GROUP: name} for name in named.warm_groups(answers)),
    reads.HOOKS.key: lambda answers: ({GROUP: name} for name in named.groups(answers)),
}
"""By operation. In the order of `COMPUTE` each comes after what names its things."""
