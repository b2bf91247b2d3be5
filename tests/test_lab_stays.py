"""A plan on the lab says which ConfigMaps and Secrets were written since the release was made that it puts back, where
the reader may see that, and that it is not known where it may not."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import yaml

from tests.driver.loop import Loop
from tests.driver.rights import MANIFESTS
from tests.driver.shop import Shop
from tests.lab.cluster import Lab
from tools.collect.kubernetes.api import connect

pytest_plugins = ["tests.driver.fixtures"]
pytestmark = pytest.mark.lab

READER = "auditor-reader"
KINDS = {"ConfigMap": "configmaps", "Secret": "secrets"}
NAMED = [(kind, name) for kind in KINDS for name in ("written", "same", "cut", "gone")]


def volume(kind: str, name: str) -> dict[str, Any]:
    source = {"configMap": {"name": name}} if kind == "ConfigMap" else {"secret": {"secretName": name}}
    return {"name": f"{kind.lower()}-{name}", **source}


@pytest.fixture(scope="module")
def configured(granted: Lab) -> Iterator[Shop]:
    """A broken Deployment whose prior release names ConfigMaps and Secrets, of each kind one that was written since,
    one that was not, one that lost a key, and one that is gone."""
    namespace = granted.namespace(f"stays-{secrets.token_hex(3)}")
    for kind, name in NAMED:
        data = {"stringData" if kind == "Secret" else "data": {"a": "hunter2", "b": "hunter3"}}
        made = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, **data}
        granted.kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(made))
    volumes = [volume(*one) for one in NAMED] + [{"name": "scratch", "emptyDir": {}}]
    shop = Shop(granted, namespace, pod={"volumes": volumes})
    shop.release(shop.prior)
    shop.break_()
    for kind, resource in KINDS.items():
        field = "stringData" if kind == "Secret" else "data"
        for name, how in (("written", ("--type=merge", "-p", json.dumps({field: {"a": "changed"}}))),
                          ("cut", ("--type=json", "-p", '[{"op": "remove", "path": "/data/b"}]'))):  # fmt: skip
            granted.kubectl("patch", resource, name, "-n", namespace, *how)
        granted.kubectl("delete", resource, "gone", "-n", namespace)
    yield shop
    granted.discard_namespace(namespace)


def may(lab: Lab, resource: str, namespace: str) -> bool:
    return lab.kubectl("auth", "can-i", "get", resource, "-n", namespace, user=READER, check=False).strip() == "yes"


def grant(lab: Lab, resource: str, namespace: str) -> None:
    """Apply the optional roles, and bind one of them in the namespace alone."""
    role = f"auditor-references-{resource}"
    lab.kubectl("apply", "-f", str(MANIFESTS / "references.yaml"))
    lab.kubectl("create", "rolebinding", role, f"--clusterrole={role}", f"--user={READER}", "-n", namespace)
    lab.wait(f"the reader to be let get {resource}", partial(may, lab, resource, namespace), 10)


def about(plan: dict[str, Any], kind: str, name: str) -> str:
    """The one note that names an object."""
    (note,) = [note for note in plan["notes"] if f"{kind} {name}" in note]
    return str(note)


def test_what_was_written_since_is_named_as_far_as_the_reader_may_see(loop: Loop, configured: Shop) -> None:
    finding, namespace = configured.finding(loop), configured.namespace
    release = configured.release_of(configured.prior)["metadata"]["name"]
    plan = loop.plan(finding)
    for kind, name in NAMED:
        told = about(plan, kind, name)
        assert told.startswith("whether "), told
        assert "not known: forbidden (deploy/kubernetes/references.yaml grants the right)" in told
    assert "emptyDir scratch is lost with each instance that is replaced" in plan["notes"]
    for granted in KINDS:
        grant(loop.lab, KINDS[granted], namespace)
        plan = loop.plan(finding)
        written = loop.lab.get(granted, "written", namespace)["metadata"]["managedFields"]
        newest = max(written, key=lambda row: str(row["time"]))
        assert about(plan, granted, "written").startswith(
            f"{granted} written was written at {newest['time']} by {newest['manager']}, after "
            f"ReplicaSet/{namespace}/{release} was made"
        )
        assert about(plan, granted, "gone").startswith(f"{granted} gone is not there")
        assert about(plan, granted, "same").startswith("no write since")
        assert about(plan, granted, "cut") == about(plan, granted, "same"), "it shows after all: say so in the note"
        assert about(plan, "Secret", "same").startswith("whether " if granted == "ConfigMap" else "no write since")
        assert "hunter" not in json.dumps(plan)
    assert loop.approve(plan).code == 0, "what a plan says of them binds nobody"


def test_the_server_sends_no_data(loop: Loop, configured: Shop) -> None:
    api = connect(str(loop.lab.kubeconfig("admin")))
    told = api.metadata(f"/api/v1/namespaces/{configured.namespace}/secrets/same")
    assert json.loads(told)["kind"] == "PartialObjectMetadata"
    assert "data" not in json.loads(told)


def test_the_optional_roles_grant_to_get_and_nothing_else() -> None:
    roles = list(yaml.safe_load_all((MANIFESTS / "references.yaml").read_text()))
    assert [role["rules"] for role in roles] == [
        [{"apiGroups": [""], "resources": [resource], "verbs": ["get"]}] for resource in KINDS.values()
    ]
