"""Plans to drain a host: cordon it, unless it is, then evict what runs there."""

from __future__ import annotations

from tools.check import View
from tools.errors import Refused
from tools.model.action import Action, Cordon, Drain
from tools.model.nouns import Host, Instance
from tools.plan.cordon import host_named

NOTES = (
    "disruption budgets are waited for, never passed over",
    "what a DaemonSet or the host's own files made stays, and what has finished",
    "an evicted instance does not come back: its workload makes another one, elsewhere",
    "the way back uncordons the host; it moves nothing back",
)


def wished(name: str, scope: str, view: View, delete_local_data: bool) -> tuple[Action, ...]:
    """Cordon and drain of a host that a person names. Raises `Refused` where nothing there can be evicted, or where it
    was not all seen."""
    host = host_named(name, scope, view)
    actions = planned(host, view, delete_local_data)
    if not actions:
        told = "cordoned" if host.unschedulable else "not cordoned"
        raise Refused("nothing-to-do", f"nothing on {host.ref} can be evicted", f"it is {told}", "--cordon cordons it")
    return actions


def planned(host: Host, view: View, delete_local_data: bool) -> tuple[Action, ...]:
    """Cordon (unless it is) and drain of a host; nothing where nothing there can be evicted. Raises `Refused` where
    what runs there was not all seen."""
    name, scope = host.ref.name, host.ref.scope
    missing = view.unseen("Instance", scopes=(scope,))
    if missing is not None:
        raise Refused(
            "not-observed", f"what runs on {host.ref} was not all seen", missing.reason, missing.mend
        ) from missing
    evicted = [i for i in view.seen(Instance) if i.host == name and i.ref.scope == scope and _is_evicted(i)]
    if not evicted:
        return ()
    workloads = tuple(sorted({instance.workload for instance in evicted}))
    drain = Drain(host.ref, workloads, delete_local_data)
    return (drain,) if _is_cordoned(host) else (Cordon(host.ref), drain)


def _is_evicted(instance: Instance) -> bool:
    """Whether a drain evicts it: what a DaemonSet made would be put back at once."""
    from_daemon_set = instance.owner is not None and instance.owner.kind == "DaemonSet"
    return not (instance.static or instance.finished or from_daemon_set)


def _is_cordoned(host: Host) -> bool:
    return host.unschedulable
