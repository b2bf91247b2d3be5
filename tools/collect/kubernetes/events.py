"""Events: what the kubelet says of a running instance that was changed. Weak evidence: they expire after an hour, and
name nobody."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tools.collect.kubernetes import wire
from tools.model.identity import Ref
from tools.model.nouns import Change, Instance

SELECTOR = "reason=Killing,involvedObject.kind=Pod"
"""The events that are asked of a live cluster (`fieldSelector`)."""

_REDEFINED = re.compile(r"(?:Init c|C)ontainer (?P<name>\S+) definition changed\b")
"""What the kubelet says where a container's specification is another one than that it was started with
(`computePodActions` in pkg/kubelet/kuberuntime)."""


def changes_of(scope: str, events: Iterable[wire.Event], instances: Iterable[Instance]) -> Iterator[Change]:
    """The changes that events tell of: a container that is killed because its definition changed. A pod that is gone is
    its own root: nobody knows what kept it."""
    roots = {instance.ref.uid: instance.workload for instance in instances}
    for event in events:
        pod = event.involved_object
        told = _REDEFINED.match(event.message)
        if event.reason != "Killing" or pod.kind != "Pod" or told is None:
            continue
        ref = Ref(scope, "Pod", pod.namespace, pod.name, pod.uid)
        yield Change(
            ref=ref,
            time=event.last_timestamp or event.event_time or event.metadata.creation_timestamp or "",
            act="write",
            version=event.metadata.uid,
            source="event",
            root=roots.get(pod.uid, ref),
            count=event.count or 1,
            container=told["name"],
            note=event.message,
        )
