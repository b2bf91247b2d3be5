"""The relations of servers keep the one rule too: what can't be resolved, or was not read to its end, raises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from tools.check import Check, View, Violation, Violations, check
from tools.engine import audit
from tools.model.artifact import Artifact, Attestation
from tools.model.facts import Facts
from tools.model.host import Host
from tools.model.identity import Ref, Scope
from tools.model.instance import Container, Instance, Part
from tools.model.machine import Access, Machine, Volume
from tools.model.observation import Gap, NotObserved
from tools.model.workload import Release, Workload
from tools.path import path_of

ACCOUNT, CLUSTER = "123456789012/eu-central-1", "uid-cluster"
IMAGE, OTHER = "ami-0123456789abcdef0", "ami-0fedcba9876543210"
BORN = "2026-11-01T10:00:00Z"
GROUP = Ref(ACCOUNT, "AutoScalingGroup", "", "web", "arn:web")
RELEASE = Ref(ACCOUNT, "LaunchTemplateVersion", "", "web:3", "lt-1:3/web")
SERVER = Ref(ACCOUNT, "Instance", "", "i-0abc", "i-0abc")
POD = Ref(CLUSTER, "Pod", "shop", "web-1-x", "uid-pod")
NODE = Ref(CLUSTER, "Node", "", "node-a", "uid-node")
SAID = Ref(ACCOUNT, "ImageBuilderImage", "", "web/1.0.0/1", "arn:build")


def server(image: str = IMAGE, **more: Any) -> Instance:
    """A server of the group that runs an image."""
    container = Container(
        ref=SERVER, root=GROUP, version="", name="machine", role="machine", image=image, slot="",
        image_id_seen=image, state_seen="running", runtime="ec2", started=BORN,
    )  # fmt: skip
    machine = Machine(tokens_seen="required", doors=("sg-1", "key:ops"))
    return Instance(
        ref=SERVER, version="", owner=GROUP, release_ref=RELEASE, workload=GROUP, host="", phase="running", ready=True,
        created=BORN, deleted="", generation_seen=None, containers=(container,), writes_seen=None,
        **{"machine_seen": machine, **more},
    )  # fmt: skip


def release(image: str = IMAGE) -> Release:
    part = Part(RELEASE, GROUP, "3", "machine", "machine", image, "/LaunchTemplateData")
    return Release(
        ref=RELEASE, version="3", workload=GROUP, number=3, template="t", created=BORN, replicas=None, ready=None,
        parts=(part,),
    )  # fmt: skip


def pod() -> Instance:
    container = Container(ref=POD, root=POD, version="1", name="app", role="main", image="app:v1", slot="")
    return Instance(
        ref=POD, version="1", owner=None, release_ref=None, workload=POD, host="node-a", phase="Running", ready=True,
        created=BORN, deleted="", generation_seen=1, containers=(container,), writes_seen=(),
    )  # fmt: skip


def node(provider: str = "aws:///eu-central-1a/i-0abc") -> Host:
    return Host(
        ref=NODE, version="", pool="default", created=BORN, unschedulable=False, ready=True, provider=provider, facts={}
    )


def facts(**more: Any) -> Facts:
    """A cluster of one node and the account that its server is in."""
    scopes = (
        Scope(id=ACCOUNT, name="prod@eu-central-1", kind="aws"),
        Scope(id=CLUSTER, name="prod", kind="kubernetes"),
    )
    workload = Workload(ref=GROUP, version="", read=True, template="t", release_kind="LaunchTemplateVersion")
    held = {
        "scopes": scopes, "workloads": (workload,), "releases": (release(),), "instances": (server(), pod()),
        "hosts": (node(),),
    }  # fmt: skip
    return Facts(moment="2026-11-01T12:00:00Z", **{**held, **more})


def gap(noun: str, scope: str = ACCOUNT) -> Gap:
    return Gap(scope=scope, noun=noun, code="forbidden", reason="not read")


def build(standing: Any = "verified", commit: str = "c0ffee", **more: Any) -> Attestation:
    return Attestation(
        **{"about": IMAGE, "kind": "build", "standing": standing, "ref": SAID, "by": "pipeline web", **more},
        commit=commit,
    )


def container(view: View) -> Container:
    return next(i for i in view.seen(Instance) if i.ref == SERVER).containers[0]


def test_an_image_that_nothing_was_read_of_raises() -> None:
    view = View(facts())
    with pytest.raises(NotObserved, match="nothing was read"):
        view.artifact_of(container(view))
    view = View(facts(artifacts=(Artifact(ref=Ref(ACCOUNT, "Image", "", IMAGE, IMAGE)),)))
    assert view.artifact_of(container(view)).ref.name == IMAGE


def test_a_gap_over_images_is_the_reason() -> None:
    view = View(facts(gaps=(gap("Artifact"),)))
    with pytest.raises(NotObserved, match="not read"):
        view.artifact_of(container(view))


@pytest.mark.parametrize("noun", ["Access", "Volume", "Attestation"])
def test_a_set_yields_what_was_seen_and_then_raises(noun: str) -> None:
    access = Access(ref=Ref(ACCOUNT, "SecurityGroup", "", "sg-1", "sg-1"), way="ssh", door="sg-1", source="0.0.0.0/0")
    volume = Volume(ref=Ref(ACCOUNT, "Volume", "", "vol-1", "vol-1"), instance=SERVER, device="/dev/sdf", kind="ebs")
    image = Artifact(ref=Ref(ACCOUNT, "Image", "", IMAGE, IMAGE))
    more = {"accesses": (access,), "volumes": (volume,), "artifacts": (image,), "attestations": (build(),)}

    def read(view: View) -> Any:
        one = server()
        sets: dict[str, Callable[[], Any]] = {
            "Access": lambda: view.access_to(one),
            "Volume": lambda: view.volumes_of(one),
            "Attestation": lambda: view.attestations_of(image),
        }
        return sets[noun]()

    assert len(list(read(View(facts(**more))))) == 1
    partial = read(View(facts(**more, gaps=(gap(noun),))))
    next(partial)
    with pytest.raises(NotObserved):
        next(partial)


def test_another_accounts_gap_is_not_this_ones() -> None:
    view = View(facts(gaps=(gap("Access", CLUSTER),)))
    assert list(view.access_to(server())) == []


def test_a_node_is_its_server_by_its_provider_id() -> None:
    machine = View(facts()).machine_of(node())
    assert machine is not None
    assert machine.ref == SERVER


@pytest.mark.parametrize("provider", ["", "gce://project/zone/name", "kwok://node-a"])
def test_a_node_of_no_provider_that_can_be_read_is_no_server(provider: str) -> None:
    assert View(facts()).machine_of(node(provider)) is None


def test_a_server_that_was_not_seen_raises_and_says_what_to_name() -> None:
    with pytest.raises(NotObserved, match="which was not seen"):
        View(facts()).machine_of(node("aws:///eu-central-1a/i-0ffff"))
    alone = facts(scopes=(Scope(id=CLUSTER, name="prod", kind="kubernetes"),), instances=(pod(),))
    with pytest.raises(NotObserved) as missing:
        View(alone).machine_of(node())
    assert missing.value.code == "account-not-given"


def test_one_path_runs_from_a_pod_through_its_node_to_the_image_and_its_commit() -> None:
    image = Artifact(ref=Ref(ACCOUNT, "Image", "", IMAGE, IMAGE))
    view = View(facts(artifacts=(image,), attestations=(build(),)))
    path = path_of(pod().containers[0], view)
    assert path.below is not None
    below = path.below
    assert [stop.noun for stop in below.stops] == ["commit", "build", "artifact", "release", "workload", "instance"]
    assert [stop.label for stop in below.stops[:3]] == ["c0ffee", "pipeline web", IMAGE]
    assert [edge.standing for edge in below.edges] == ["verified"] * 5
    assert len(path.stops) == len(path.edges) + 1 == 7


def test_a_server_of_another_image_than_its_release_names_is_contradicted() -> None:
    view = View(facts(instances=(server(OTHER), pod())))
    path = path_of(container(view), view)
    assert path.edges[2].standing == "contradicted"


def test_builds_that_name_different_commits_contradict_each_other() -> None:
    image = Artifact(ref=Ref(ACCOUNT, "Image", "", IMAGE, IMAGE))
    tag = build("reported", "deadbeef", ref=Ref(ACCOUNT, "Image", "", IMAGE, IMAGE), by="tag commit")
    view = View(facts(artifacts=(image,), attestations=(tag, build())))
    path = path_of(container(view), view)
    assert path.edges[0].standing == "contradicted"
    assert path.edges[1].standing == "verified"
    view = View(facts(artifacts=(image,), attestations=(tag,)))
    assert [e.standing for e in path_of(container(view), view).edges[:2]] == ["reported", "reported"]


def test_what_is_said_of_an_image_is_unknown_where_it_was_not_read() -> None:
    image = Artifact(ref=Ref(ACCOUNT, "Image", "", IMAGE, IMAGE))
    view = View(facts(artifacts=(image,), gaps=(gap("Attestation"),)))
    assert [e.standing for e in path_of(container(view), view).edges[:2]] == ["unknown", "unknown"]


def test_what_was_said_of_an_image_stands_where_more_may_be_said() -> None:
    image = Artifact(ref=Ref(ACCOUNT, "Image", "", IMAGE, IMAGE))
    view = View(facts(artifacts=(image,), attestations=(build("reported"),), gaps=(gap("Attestation"),)))
    assert [e.standing for e in path_of(container(view), view).edges[:2]] == ["reported", "reported"]


@check(Instance, severity="low", principle="gate", scopes=("aws",))
def aws_alone(instance: Instance, view: View) -> Violations:
    """A violation for every subject that it is asked about."""
    yield Violation("asked", "was asked about", [(instance, "phase")])


def test_a_check_of_one_kind_of_scope_is_asked_of_its_subjects_alone() -> None:
    named: Check[Any] = msgspec.structs.replace(aws_alone, id="aws-alone")
    found = audit(facts(gaps=(gap("Instance", CLUSTER),)), "s-0", [named], {})
    assert [f.subjects for f in found.findings] == [(SERVER,)]
    assert found.coverage[0].unseen == ""
    cluster = facts(scopes=(Scope(id=CLUSTER, name="prod", kind="kubernetes"),), instances=(pod(),))
    assert audit(cluster, "s-0", [named], {}).coverage == ()
