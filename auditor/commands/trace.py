"""`auditor trace SUBJECT`: the deployment path, each edge with its evidence, and the workload's timeline."""

from __future__ import annotations

from auditor.commands.looking import NO_LOGS, Logs, Looking
from auditor.render.path import print_paths
from auditor.render.text import console, line, print_json
from auditor.render.timeline import print_timeline
from auditor.store.store import Store
from tools.check import View
from tools.errors import UsageError
from tools.model.identity import Ref
from tools.model.nouns import Instance, Workload
from tools.path import path_of
from tools.timeline import timeline_of

SHORT = {
    "asg": "autoscalinggroup",
    "deploy": "deployment",
    "po": "pod",
    "rs": "replicaset",
    "no": "node",
    "sts": "statefulset",
    "ds": "daemonset",
}


def trace(
    subject: str, sources: list[str], kubeconfig: str, config: str, store: str, as_json: bool, logs: Logs = NO_LOGS
) -> int:
    """Print the paths of the instances that a subject is, or keeps, or carries."""
    looking = Looking(sources, kubeconfig, config, logs)
    facts = looking.facts()
    view = View(facts, looking.settings, Store(store).history(facts))
    ref = named(subject, view)
    instances = instances_of(ref, view)
    paths = [path_of(container, view) for instance in instances for container in instance.containers]
    owners = sorted({i.workload for i in instances} | {w.ref for w in view.seen(Workload) if w.ref == ref})
    timelines = [timeline_of(owner, view) for owner in owners]
    if as_json:
        print_json({"version": 1, "moment": view.moment, "paths": paths, "timelines": timelines})
        return 0
    out = console()
    print_paths(paths, out)
    if not paths:
        out.print(line(f"{ref} keeps no instance now\n"))
    if len(timelines) == 1:
        print_timeline(timelines[0], out)
    elif timelines:
        out.print(line((f"{len(timelines)} workloads: auditor trace shows the timeline of each by its name", "dim")))
    return 0


def named(subject: str, view: View) -> Ref:
    """The one object that a name means. Raises `UsageError` where nothing, or more than one thing, goes by it."""
    found = [ref for ref in _refs(view) if _matches(subject, ref)]
    if not found:
        raise UsageError(
            f"nothing here is called {subject!r}",
            "; ".join(g.reason for g in view.facts.gaps if g.required),
            "name it as pod/NAMESPACE/NAME, deployment/NAMESPACE/NAME or node/NAME",
        )
    if len(found) > 1:
        raise UsageError(
            f"{len(found)} things are called {subject!r}", ", ".join(map(str, found[:6])), "name one of them"
        )
    return found[0]


def instances_of(ref: Ref, view: View) -> list[Instance]:
    """The instances that an object is, or keeps, or carries."""
    return [
        i
        for i in view.facts.instances
        if ref in (i.ref, i.workload, i.owner, i.release_ref) or (ref.kind == "Node" and i.host == ref.name)
    ]


def _refs(view: View) -> list[Ref]:
    facts = view.facts
    refs = {thing.ref for thing in facts.workloads} | {thing.ref for thing in facts.releases}
    return sorted(refs | {thing.ref for thing in facts.instances} | {thing.ref for thing in facts.hosts})


def _matches(subject: str, ref: Ref) -> bool:
    parts = subject.split("/")
    kind = parts[0].lower()
    if len(parts) > 1 and SHORT.get(kind, kind.removesuffix("s")) == ref.kind.lower().removesuffix("s"):
        return parts[1:] in ([ref.name], [ref.namespace, ref.name])
    return parts in ([ref.name], [ref.namespace, ref.name])
