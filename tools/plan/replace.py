"""Plans to replace one instance."""

from __future__ import annotations

from tools.check import View
from tools.errors import Refused
from tools.model.action import ReplaceInstance
from tools.model.nouns import Instance
from tools.model.report import Finding

NOTES = (
    "disruption budgets are waited for, never passed over",
    "an evicted instance does not come back: its workload makes another one, of its current release",
)

SERVERS = (
    "what is on the server's own disks is lost with it",
    "its group makes another one, of the release that it names now",
    "lifecycle hooks hold the end of the server back for as long as they are set to",
)


def propose(finding: Finding, view: View, to: str = "") -> tuple[tuple[ReplaceInstance, ...], str, tuple[str, ...]]:
    """Replace each instance that a finding is about, one after the other; `to` names one of them. Raises `Refused`."""
    uids = {ref.uid for ref in finding.subjects if not to or to in (ref.name, f"{ref.namespace}/{ref.name}")}
    found = [i for i in view.seen(Instance) if i.ref.uid in uids and not i.finished and not i.deleted]
    if not found:
        told = f"the finding is not about an instance {to!r}" if to else "what the finding is about is gone"
        raise Refused("gone", told, ", ".join(ref.name for ref in finding.subjects), "audit again")
    actions = tuple(planned(instance, delete_local_data=False) for instance in found)
    notes = SERVERS if found[0].machine_seen is not None else NOTES
    return actions, f"what was changed in place is replaced: {finding.message}", notes


def wished(name: str, scope: str, view: View, delete_local_data: bool) -> tuple[ReplaceInstance]:
    """Replace the instance of that name (`namespace/name`). Raises `Refused` where it is not there, or nothing would
    replace it."""
    namespace, _, plain = name.removeprefix("pod/").removeprefix("instance/").rpartition("/")
    for instance in view.seen(Instance):
        if (instance.ref.scope, instance.ref.namespace, instance.ref.name) == (scope, namespace, plain):
            return (planned(instance, delete_local_data),)
    missing = view.unseen("Instance")
    if missing is not None:
        raise Refused("not-observed", f"instance {name!r} was not seen", missing.reason, missing.mend)
    raise Refused("gone", f"there is no instance {name!r} in what was read", mend="name it as NAMESPACE/NAME")


def planned(instance: Instance, delete_local_data: bool) -> ReplaceInstance:
    """The action for one instance. Raises `Refused` where nothing would replace it."""
    if instance.static:
        raise Refused("static", f"{instance.ref} is made by its host's own files", mend="replace the host")
    if instance.owner is None:
        raise Refused("unmanaged", f"no controller would bring {instance.ref} back", mend="let a Deployment own it")
    if instance.finished:
        raise Refused("finished", f"{instance.ref} has finished: there is nothing to replace")
    return ReplaceInstance(instance.ref, instance.workload, delete_local_data)
