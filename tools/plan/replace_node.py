"""Plans to replace a node: cordon and drain it in its cluster, then end its server, which its group replaces.

The steps are of two scopes. The node is bound by its uid, and a Node's providerID can't be changed once it is set, so
the server that the plan names stays the node's for as long as the node is the one that was meant.
"""

from __future__ import annotations

from tools.check import View
from tools.errors import Refused
from tools.model.action import Action, Cordon, ReplaceInstance
from tools.model.nouns import Host, Instance
from tools.model.observation import NotObserved
from tools.plan import drain, replace

GROUP = "AutoScalingGroup"
CONTROL_PLANE = ("etcd-", "kube-apiserver-")
"""How the static pods are called whose loss takes more than a drain."""

NOTES = (
    "the node is drained before its server is ended: if it does not stay so, the server is not ended",
    "what a DaemonSet or the host's own files made ends with the server",
    "whether the new server joins the cluster is said and not waited for: its Node names it in spec.providerID",
    "an ended server does not come back; the way back uncordons the node for as long as there is one",
)

Proposal = tuple[tuple[Action, ...], str, tuple[str, ...]]


def wished(name: str, view: View, delete_local_data: bool) -> Proposal:
    """Cordon, drain and end of a node that a person names. Raises `Refused` where it is not there, where its server was
    not seen, or where nothing would bring that back."""
    host = _host(name.removeprefix("node/"), view)
    ended = _ended(host, view)
    drained = drain.planned(host, view, delete_local_data)
    cordoned = () if drained or host.unschedulable else (Cordon(host.ref),)
    why = f"a person asks for another node in place of {host.ref}, which is server {ended.instance.name}"
    notes = (*NOTES, *drain.NOTES[:1], *replace.SERVERS) if drained else (*NOTES, *replace.SERVERS)
    return (*drained, *cordoned, ended), why, notes


def _host(name: str, view: View) -> Host:
    """The one host of this name in all clusters that were looked at. Raises `Refused`."""
    found = [host for host in view.seen(Host) if host.ref.name == name]
    if len(found) > 1:
        raise Refused("ambiguous", f"{len(found)} clusters have a node {name!r}", mend="name one cluster as the source")
    if found:
        return found[0]
    missing = view.unseen("Host")
    if missing is not None:
        raise Refused("not-observed", f"node {name!r} was not seen", missing.reason, missing.mend)
    raise Refused("gone", f"there is no node {name!r} in what was read")


def _ended(host: Host, view: View) -> ReplaceInstance:
    """The end of a host's server. Raises `Refused`."""
    _refuse_control_plane(host, view)
    try:
        server = view.machine_of(host)
    except NotObserved as missing:
        mend = missing.mend or "name the account and region that it is in: --source aws:PROFILE@REGION"
        raise Refused(missing.code, f"the server of {host.ref} was not seen", missing.reason, mend) from missing
    if server is None:
        told = f"its providerID is {host.provider!r}" if host.provider else "it has no providerID"
        raise Refused("no-server", f"{host.ref} names no server that this tool can end", told)
    if server.workload.kind != GROUP:
        raise Refused(
            "unmanaged",
            f"{server.ref} is in no Auto Scaling group: nothing that was seen would bring it back",
            f"it is the server of {host.ref}",
            "--drain drains the node; whatever made the server has to replace it",
        )
    if server.finished or server.deleted:
        raise Refused("gone", f"{server.ref}, the server of {host.ref}, is {server.phase}", mend="audit again")
    if server.machine_seen is not None and server.machine_seen.protected:
        raise Refused(
            "protected",
            f"{server.ref} is protected from scale-in: somebody wants to keep it",
            f"it is the server of {host.ref}",
            "take the protection off (aws autoscaling set-instance-protection), and plan again",
        )
    return ReplaceInstance(server.ref, server.workload)


def _refuse_control_plane(host: Host, view: View) -> None:
    """Raise `Refused` where the host runs a part of its cluster's control plane, by the static pods that were seen."""
    for one in view.seen(Instance):
        on_it = one.host == host.ref.name and one.ref.scope == host.ref.scope and one.static
        if on_it and one.ref.namespace == "kube-system" and one.ref.name.startswith(CONTROL_PLANE):
            raise Refused(
                "control-plane",
                f"{host.ref} runs {one.ref.name}, a part of its cluster's control plane",
                "etcd's member would be lost with its server",
                "replace it as the cluster's own tool does",
            )
