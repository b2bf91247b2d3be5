"""Looks at a small cluster, as a collector would hand them on: builders for the tests of history and of the store."""

from __future__ import annotations

from tools.model.change import Actor, Change, Watch
from tools.model.facts import Facts
from tools.model.identity import Ref, Scope
from tools.model.nouns import Container, Host, Instance
from tools.model.observation import Gap

CLUSTER = "cluster-1"


def moment(hour: int) -> str:
    """A time on one day."""
    return f"2026-11-{1 + hour // 24:02}T{hour % 24:02}:00:00Z"


def pod(name: str, uid: str = "", scope: str = CLUSTER) -> Ref:
    """A pod, as NAMESPACE/NAME."""
    namespace, _, plain = name.rpartition("/")
    return Ref(scope, "Pod", namespace or "default", plain, uid or f"uid-{plain}")


def instance(
    name: str, image: str = "one", uid: str = "", *, restarts: int = 0, host: str = "node-a", scope: str = CLUSTER
) -> Instance:
    """A running pod of one container `app`."""
    ref = pod(name, uid, scope)
    app = Container(ref=ref, root=ref, version="1", name="app", role="main", image=image, slot="", restarts=restarts)
    return Instance(
        ref=ref,
        version="1",
        owner=None,
        release_ref=None,
        workload=ref,
        host=host,
        phase="Running",
        ready=True,
        created=moment(0),
        deleted="",
        generation_seen=1,
        containers=(app,),
        writes_seen=None,
    )


def host(name: str, version: str = "1") -> Host:
    """A node at a resourceVersion."""
    ref = Ref(CLUSTER, "Node", "", name, f"uid-{name}")
    return Host(
        ref=ref, version=version, pool="p", created=moment(0), unschedulable=False, ready=True, provider="", facts={}
    )


def gap(namespace: str = "", scope: str = CLUSTER) -> Gap:
    """Instances that were not all read."""
    return Gap(scope=scope, noun="Instance", namespace=namespace, code="timeout", reason="not read")


def look(
    hour: int, *instances: Instance, gaps: tuple[Gap, ...] = (), scope: str = CLUSTER, stable: bool = True
) -> Facts:
    """The facts of one moment."""
    return Facts(
        moment=moment(hour),
        scopes=(Scope(id=scope, name="lab", kind="kubernetes", stable=stable),),
        instances=tuple(sorted(instances, key=lambda i: i.ref)),
        gaps=gaps,
    )


def change(hour: int, ref: Ref, *, count: int = 1, last: int = 0, version: str = "") -> Change:
    """An exec into a pod."""
    return Change(
        ref=ref,
        time=moment(hour),
        last=moment(last or hour),
        count=count,
        act="exec",
        version=version or f"audit-{hour}",
        source="audit-log",
        root=ref,
        actor_seen=Actor("alice", "person"),
    )


def watch(since: int, until: int, policy: str = "all") -> Watch:
    """What a log could have seen."""
    return Watch(scope=CLUSTER, since=moment(since), until=moment(until), name="audit.log", policy=policy)
