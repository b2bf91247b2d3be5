"""What goes wrong in the world while a plan is carried out: a webhook that rejects, a finalizer that hangs, a node that
vanishes, a store that is locked. What was done is said, what was not, and how to go on."""

from __future__ import annotations

import json
import os
import secrets
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from tests.driver.kill_at import Stop
from tests.driver.loop import Loop
from tests.driver.seen import Seen
from tests.lab.cluster import Lab
from tests.lab.manifests import deployment

pytest_plugins = ["tests.driver.fixtures"]
pytestmark = pytest.mark.lab

ACTOR = "auditor-actor"
FINALIZER = "example.com/hold"


@contextmanager
def rejecting(lab: Lab, verb: str, resource: str, condition: str, probe: tuple[str, ...]) -> Iterator[None]:
    """A webhook that answers nobody, and so lets nothing through that the condition (CEL) holds for; `probe` is a
    kubectl command that it is to refuse."""
    name = f"rejects-{secrets.token_hex(3)}.example.com"
    webhook = {
        "name": name,
        "clientConfig": {"url": "https://127.0.0.1:1/nobody"},
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": [verb], "resources": [resource]}],
        "matchConditions": [{"name": "this", "expression": condition}],
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "timeoutSeconds": 2,
        "admissionReviewVersions": ["v1"],
    }
    configuration = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": [webhook],
    }
    lab.kubectl("create", "-f", "-", stdin=json.dumps(configuration))
    try:
        lab.wait("the webhook to be asked", lambda: not lab.kubectl(*probe, check=False) or None)
        yield
    finally:
        lab.kubectl("delete", "validatingwebhookconfiguration", name)
        lab.wait("the webhook to be gone", lambda: lab.kubectl(*probe, check=False))


@contextmanager
def node_webhook(lab: Lab, host: str) -> Iterator[None]:
    """It rejects every update of one node."""
    probe = ("annotate", "node", host, "probe=1", "--overwrite", "--dry-run=server", "-o", "name")
    with rejecting(lab, "UPDATE", "nodes", f"request.name == '{host}'", probe):
        yield


@pytest.fixture
def placed(granted: Lab, host: str) -> Iterator[list[str]]:
    """The pods of a Deployment on a node without a machine, where nothing ends what is ending. Its own controller's
    next ones find no place. First the namespace, then their names."""
    namespace = granted.namespace(f"mishap-{secrets.token_hex(3)}")
    manifest = deployment("app", granted.image("app:v1"), replicas=2)
    template = manifest["spec"]["template"]
    template["metadata"]["finalizers"] = [FINALIZER]
    template["spec"]["nodeSelector"] = {"eks.amazonaws.com/nodegroup": host}
    granted.apply(manifest, namespace)
    granted.wait("both pods to be made", lambda: len(granted.objects("pods", namespace)) == 2)
    names = [pod["metadata"]["name"] for pod in granted.objects("pods", namespace)]
    for name in names:
        target = {"kind": "Node", "name": host}
        binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": name}, "target": target}
        path = f"/api/v1/namespaces/{namespace}/pods/{name}/binding"
        granted.kubectl("create", "--raw", path, "-f", "-", stdin=json.dumps(binding))
    yield [namespace, *names]
    for pod in granted.objects("pods", namespace):
        patch = ("--type=merge", "-p", '{"metadata": {"finalizers": null}}')
        granted.kubectl("patch", "pod", pod["metadata"]["name"], "-n", namespace, *patch, check=False)
    granted.discard_namespace(namespace)


def stopped_at(loop: Loop, plan: dict[str, Any], stop: Stop, patience: float = 0) -> Any:
    """An execution that stands still at that point."""
    running = loop.start("execute", plan, stop=stop, patience=patience)
    loop.lab.wait("it to stand still", lambda: running.stopped() or None, 60)
    return running


def test_a_webhook_that_rejects_the_dry_run_lets_nothing_be_begun(loop: Loop, host: str, seen: Seen) -> None:
    plan = loop.approved("--cordon", host)
    with node_webhook(loop.lab, host):
        said = loop.execute(plan)
    assert said.code == 1, said
    assert "failed calling webhook" in said.err
    assert "not begun: 1 cordon" in said.err
    assert f"auditor execute {plan['run']} tries again: nothing was done" in said.err
    assert not seen.writes(ACTOR, host)
    assert loop.journal(plan) == []
    assert loop.execute(plan).code == 0
    assert len(seen.writes(ACTOR, host)) == 1


def test_a_webhook_that_rejects_the_write_itself(loop: Loop, host: str, seen: Seen) -> None:
    plan = loop.approved("--cordon", host)
    running = stopped_at(loop, plan, Stop("intent:after", signal.SIGSTOP))
    with node_webhook(loop.lab, host):
        os.kill(running.pid, signal.SIGCONT)
        said = running.wait()
    assert said.code == 1, said
    assert "failed calling webhook" in said.err
    assert "begun: 1 cordon" in said.err
    assert f"auditor resume {plan['run']}" in said.err
    assert not seen.writes(ACTOR, host)
    assert loop.resume(plan).code == 0
    assert len(seen.writes(ACTOR, host)) == 1


def test_a_webhook_that_rejects_evictions(loop: Loop, host: str, placed: list[str], seen: Seen) -> None:
    namespace, first, *_ = placed
    plan = loop.approved("--drain", host)
    running = stopped_at(loop, plan, Stop("intent:after", signal.SIGSTOP, step=2))
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": first}}
    path = loop.lab.kubeconfig("admin").with_name(f"{namespace}.json")
    path.write_text(json.dumps(eviction))
    probe = ("create", "--raw", f"/api/v1/namespaces/{namespace}/pods/{first}/eviction?dryRun=All", "-f", str(path))
    try:
        with rejecting(loop.lab, "CREATE", "pods/eviction", f"request.namespace == '{namespace}'", probe):
            os.kill(running.pid, signal.SIGCONT)
            said = running.wait()
    finally:
        path.unlink()
    assert said.code == 1, said
    assert "failed calling webhook" in said.err
    assert "done: 1 cordon" in said.err
    assert f"auditor plan --undo {plan['run']}" in said.err
    assert not seen.evictions(ACTOR, namespace)


def test_a_finalizer_that_hangs_is_named(loop: Loop, host: str, placed: list[str], seen: Seen) -> None:
    namespace, *names = placed
    plan = loop.approved("--drain", host)
    said = loop.start("execute", plan, patience=2).wait()
    assert said.code == 1, said
    assert FINALIZER in said.err
    assert any(f"Pod/{namespace}/{name}" in said.err for name in names)
    assert "done: 1 cordon" in said.err
    assert f"auditor resume {plan['run']}" in said.err
    assert len(seen.evictions(ACTOR, namespace)) == 2


def test_a_node_that_vanishes_in_the_middle_of_its_drain(loop: Loop, host: str, placed: list[str], seen: Seen) -> None:
    plan = loop.approved("--drain", host)
    running = stopped_at(loop, plan, Stop("evict:after", signal.SIGSTOP, step=2))
    node = loop.lab.get("node", host)
    loop.lab.kubectl("delete", "node", host)
    try:
        os.kill(running.pid, signal.SIGCONT)
        said = running.wait()
    finally:
        fresh = {"name": host, "labels": node["metadata"]["labels"]}
        taints = [t for t in node["spec"]["taints"] if t["key"].startswith("example.com/")]
        body = {"apiVersion": "v1", "kind": "Node", "metadata": fresh, "spec": {"taints": taints}}
        loop.lab.kubectl("create", "-f", "-", stdin=json.dumps(body))
    assert (said.code, loop.refusals(plan)) == (1, ["gone"]), said
    assert f"Node/{host} is gone" in said.err
    assert "done: 1 cordon" in said.err
    said = loop.resume(plan)
    assert (said.code, loop.refusals(plan)[-1]) == (1, "gone"), f"another node of its name was drained: {said}"


@pytest.mark.parametrize(("moment", "writes"), [("intent:before", 0), ("effect:before", 1)])
def test_a_store_that_another_process_has_locked(loop: Loop, host: str, seen: Seen, moment: str, writes: int) -> None:
    plan = loop.approved("--cordon", host)
    running = stopped_at(loop, plan, Stop(moment, signal.SIGSTOP))
    with closing(sqlite3.connect(loop.home / "store" / "store.db", timeout=30, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        os.kill(running.pid, signal.SIGCONT)
        said = running.wait()
        other.execute("ROLLBACK")
    assert said.code == 1, said
    assert "another process has it locked" in said.err
    assert ("was done" in said.err) is bool(writes), said
    assert len(seen.writes(ACTOR, host)) == writes
    again = loop.resume(plan) if writes else loop.execute(plan)
    assert again.code == 0, again
    assert len(seen.writes(ACTOR, host)) == 1
