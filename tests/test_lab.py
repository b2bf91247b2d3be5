"""Tests of the lab itself: is it what it says, and are the planted faults there, by the raw API alone?"""

from __future__ import annotations

import json
import os
import signal
import urllib.error
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from typing import Any

import pytest

from tests.lab import control_plane, credentials, lifecycle, loopback, processes, scenarios, settings
from tests.lab.basics import LabError
from tests.lab.cluster import Lab
from tests.lab.scenarios import planted, rollout
from tests.lab.scenarios.broken_release import progressing
from tests.lab.scenarios.odd_reference import waiting_reason
from tests.lab.scenarios.patched_in_place import running_image_id
from tests.lab.scenarios.planted import Planted, file_of

pytestmark = pytest.mark.lab

Object = dict[str, Any]
Scenario = Callable[[Lab, str], tuple[Planted, ...]]
MAY_DELETE_PODS = {
    "alice": "yes",
    "ci-bot": "yes",
    "bob": "no",
    "auditor-reader": "no",
    "auditor-limited": "no",
}


def kubelet_versions(lab: Lab) -> dict[str, str]:
    """What each Ready node's kubelet reports."""
    nodes = [node for node in lab.objects("nodes") if rollout.is_ready(node)]
    return {node["metadata"]["name"]: node["status"]["nodeInfo"]["kubeletVersion"] for node in nodes}


def pids() -> dict[str, int | None]:
    return {name: processes.alive(name) for name in lifecycle.daemons()}


def test_two_nodes_are_ready(lab: Lab) -> None:
    assert list(kubelet_versions(lab)) == ["node-a", "node-b"]
    assert kubelet_versions(lab)["node-a"] == settings.KUBERNETES_VERSION


def test_it_listens_on_the_loopback_alone(lab: Lab) -> None:
    found = loopback.listeners()
    assert {settings.API_PORT, settings.ETCD_PORT, 15001, 15250, 15251} <= {one.port for one in found}
    assert {"containerd", "kubelet", "kube-scheduler"} <= {one.process for one in found}
    loopback.require_loopback_only(found)


@pytest.mark.parametrize("address", ["0.0.0.0", "*", "[::]", "192.0.2.7", "[fe80::1]%eth0"])
def test_an_open_listener_is_caught(address: str) -> None:
    line = f'tcp LISTEN 0 4096 {address}:10250 0.0.0.0:* users:(("kubelet",pid=7,fd=1))'
    with pytest.raises(LabError, match=r"kubelet \(pid 7\)"):
        loopback.require_loopback_only(loopback.parse(line))


def test_users_have_the_rights_they_should(lab: Lab) -> None:
    for user, may in MAY_DELETE_PODS.items():
        assert lab.kubectl("auth", "can-i", "delete", "pods", user=user, check=False).strip() == may, user
        assert lab.kubeconfig(user).stat().st_mode & 0o777 == 0o600


def test_an_expired_token_gets_401(lab: Lab) -> None:
    uid = lab.get("serviceaccount", "default", "default")["metadata"]["uid"]
    url = f"{settings.API_SERVER}/api/v1/namespaces/default"
    for lifetime, code in ((600, 403), (-60, 401)):  # a good one is known, and has no rights
        with pytest.raises(urllib.error.HTTPError) as refused:
            control_plane.get(url, credentials.service_account_token("default", "default", uid, lifetime))
        assert refused.value.code == code
    with pytest.raises(LabError, match=r"Unauthorized|logged in"):
        lab.kubectl("get", "pods", config=lab.expired_kubeconfig())


def test_an_unreachable_server_refuses(lab: Lab) -> None:
    with pytest.raises(LabError, match="refused"):
        lab.kubectl("get", "pods", config=lab.unreachable_kubeconfig())


def test_up_again_starts_nothing(lab_alone: Lab) -> None:
    before = pids()
    lab_alone.up()
    assert pids() == before
    assert all(before.values())


def test_up_starts_what_has_crashed_and_nothing_else(lab_alone: Lab) -> None:
    before = pids()
    crashed = before["kube-scheduler"]
    assert crashed
    os.kill(crashed, signal.SIGKILL)
    lab_alone.wait("the scheduler to be gone", lambda: not processes.alive("kube-scheduler"))
    lab_alone.up()
    after = pids()
    assert after.pop("kube-scheduler") not in (None, before.pop("kube-scheduler"))
    assert after == before


def test_a_drifted_kubelet_reports_its_own_version(lab_alone: Lab) -> None:
    drifted, healthy = scenarios.drifted_node(lab_alone)
    assert (drifted.name, drifted.wrong, healthy.wrong) == ("node-b", "host-drifted", "healthy")
    assert drifted.uid == lab_alone.get("node", "node-b")["metadata"]["uid"]
    expected = {"node-a": settings.KUBERNETES_VERSION, "node-b": settings.DRIFTED_VERSION}
    assert kubelet_versions(lab_alone) == expected
    lab_alone.restore_node("node-b")
    assert set(kubelet_versions(lab_alone).values()) == {settings.KUBERNETES_VERSION}


def events(lab: Lab, namespace: str) -> Iterator[Object]:
    """The events of the audit log about objects of a namespace."""
    with lab.audit_log.open() as lines:
        for event in map(json.loads, lines):
            if event.get("objectRef", {}).get("namespace") == namespace:
                yield event


def test_an_exec_is_in_the_audit_log(lab: Lab, namespace: str) -> None:
    released = scenarios.tagged_release(lab, namespace)
    pod = next(one for one in released if one.kind == "Pod")
    assert lab.kubectl("exec", pod.name, "-n", namespace, "--", "cat", "/www/ready", user="alice") == "app:v1\n"
    seen = list(events(lab, namespace))
    execs = [e for e in seen if e["objectRef"].get("subresource") == "exec"]
    assert any(
        (e["user"]["username"], e["objectRef"]["name"], e["responseStatus"]["code"]) == ("alice", pod.name, 101)
        for e in execs
    )
    deployed = [e for e in seen if e["objectRef"]["resource"] == "deployments"]
    assert any(e["user"]["username"] == "ci-bot" and "responseObject" in e for e in deployed)


def is_healthy(item: Object, lab: Lab) -> bool:
    """A healthy pod runs what it names, and has not been changed since it was made."""
    if item["kind"] != "Pod":
        return True
    return running_image_id(item) == rollout.image_of(item) and bool(item["metadata"]["generation"] == 1)


def has_exceeded(item: Object, lab: Lab) -> bool:
    exceeded = progressing(item) == ("False", "ProgressDeadlineExceeded")
    return exceeded and bool(item["status"]["readyReplicas"] == 2)


def is_refused(item: Object, lab: Lab) -> bool:
    odd = "@blake3:" in rollout.image_of(item)
    return odd and (item["kind"] != "Pod" or waiting_reason(item) == "InvalidImageName")


def is_mixed(item: Object, lab: Lab) -> bool:
    status = item["status"]
    return bool(item["spec"]["paused"]) and (status["updatedReplicas"], status["replicas"]) == (1, 4)


def is_patched(item: Object, lab: Lab) -> bool:
    return running_image_id(item) == lab.image("app:v2") and bool(item["metadata"]["generation"] == 2)


TRULY: dict[str, Callable[[Object, Lab], bool]] = {
    planted.HEALTHY: is_healthy,
    planted.NEVER_READY: lambda item, lab: not (rollout.is_ready(item) or item["status"].get("readyReplicas")),
    planted.DEADLINE_EXCEEDED: has_exceeded,
    planted.TAG_ONLY: lambda item, lab: rollout.image_of(item) == lab.image("app:v1", pinned=False),
    planted.UNRESOLVABLE_REFERENCE: is_refused,
    planted.PATCHED_IN_PLACE: is_patched,
    planted.MIXED_RELEASES: is_mixed,
    planted.CHANGED_BY_HAND: lambda item, lab: bool(item["spec"]["paused"]),
    planted.NOT_REPLACING: lambda item, lab: bool(item["spec"]["paused"]),
    planted.SUPERSEDED_OUTLIVES: lambda item, lab: running_image_id(item) == lab.image("app:v1"),
    planted.NO_OWNER: lambda item, lab: "ownerReferences" not in item["metadata"],
}


def _truly(one: planted.Planted, lab: Lab) -> Object | None:
    item: Object = lab.get(one.kind, one.name, one.namespace)
    return item if TRULY[one.wrong](item, lab) else None


LOOKS_HEALTHY = {planted.HEALTHY, planted.SUPERSEDED_OUTLIVES, planted.NO_OWNER}  # by the pod alone


@pytest.mark.parametrize("scenario", [
    scenarios.healthy_release, scenarios.tagged_release, scenarios.odd_reference, scenarios.broken_release,
    scenarios.patched_in_place, scenarios.half_rollout, scenarios.unread_owners, scenarios.admission_rewrites,
])  # fmt: skip
def test_what_a_scenario_planted_is_there(lab: Lab, namespace: str, scenario: Scenario) -> None:
    labels = scenario(lab, namespace)
    written = file_of(lab, scenario.__name__, namespace).read_text()
    assert [asdict(one) for one in labels] == json.loads(written)
    for one in labels:
        item = lab.get(one.kind, one.name, one.namespace)
        assert item["metadata"]["uid"] == one.uid
        if not TRULY[one.wrong](item, lab):  # on a busy machine a readiness probe fails for a moment
            item = lab.wait(f"{one} to be so", partial(_truly, one, lab), 20)
        if one.kind == "Pod" and one.wrong not in LOOKS_HEALTHY:
            assert not is_healthy(item, lab), f"{one} relabelled as healthy is not caught"
