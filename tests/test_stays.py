"""What a redeploy does not bring back: what a template refers to, and what a server says of it, over loopback."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.loopback_api import Fault, Handler, Loopback, broken_off, loopback, raw, status, write_kubeconfig
from tools.collect.kubernetes.api import METADATA, Api, connect
from tools.execute.carry_out import executor_for
from tools.execute.references import Reference, claims, lost, references
from tools.execute.staying import Staying
from tools.execute.stays import GRANTS, notes
from tools.model.action import RedeployPriorRelease
from tools.model.identity import Ref

SINCE, BEFORE, AFTER = "2026-11-01T10:00:00Z", "2026-10-01T10:00:00Z", "2026-11-02T10:00:00Z"
RELEASE = Ref("cluster", "ReplicaSet", "shop", "web-1", "uid-web-1")
CORE = "/api/v1/namespaces/shop"
TOLD = f"ReplicaSet/shop/web-1 was made ({SINCE})"

EVERYWHERE: dict[str, Any] = {
    "spec": {
        "imagePullSecrets": [{"name": "pull"}],
        "initContainers": [{"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "init", "key": "a"}}}]}],
        "containers": [
            {
                "env": [
                    {"name": "PLAIN", "value": "x"},
                    {"name": "HOST", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
                    {"name": "B", "valueFrom": {"secretKeyRef": {"name": "key", "key": "b", "optional": True}}},
                ],
                "envFrom": [{"configMapRef": {"name": "all"}}, {"prefix": "X", "secretRef": {"name": "all"}}],
            },
            {"envFrom": [{"configMapRef": {"name": "all", "optional": True}}]},
        ],
        "volumes": [
            {"name": "a", "configMap": {"name": "files", "optional": True}},
            {"name": "b", "secret": {"secretName": "tls", "optional": False}},
            {"name": "c", "projected": {"sources": [{"configMap": {"name": "p"}}, {"secret": {"name": "p"}},
                                                    {"serviceAccountToken": {"path": "token"}}]}},
            {"name": "d", "csi": {"driver": "x", "nodePublishSecretRef": {"name": "csi"}}},
            {"name": "e", "azureFile": {"secretName": "share", "shareName": "s"}},
            {"name": "f", "persistentVolumeClaim": {"claimName": "data"}},
            {"name": "g", "emptyDir": {}},
            {"name": "h", "ephemeral": {"volumeClaimTemplate": {}}},
            {"name": "i", "hostPath": {"path": "/var/lib/x"}},
        ],
    }
}  # fmt: skip


def test_every_place_of_a_template_that_names_something() -> None:
    """What one place can do without and another needs is needed."""
    needed = [("ConfigMap", n) for n in ("all", "init", "p")] + [
        ("Secret", n) for n in ("all", "csi", "p", "share", "tls")
    ]
    optional = [("ConfigMap", "files"), ("Secret", "key"), ("Secret", "pull")]
    assert {(r.kind, r.name) for r in references(EVERYWHERE) if not r.optional} == set(needed)
    assert [(r.kind, r.name) for r in references(EVERYWHERE) if r.optional] == optional
    assert claims(EVERYWHERE) == ("data",)
    assert lost(EVERYWHERE) == ("emptyDir g", "ephemeral h")


@pytest.mark.parametrize("template", [{}, {"spec": {}}, {"spec": {"containers": [{}], "volumes": None}}])
def test_a_template_that_names_nothing(template: dict[str, Any]) -> None:
    assert (references(template), claims(template), lost(template)) == ((), (), ())


@pytest.fixture
def server() -> Iterator[Loopback]:
    with loopback([]) as server:
        yield server


@pytest.fixture
def api(server: Loopback, tmp_path: Path) -> Api:
    return connect(str(write_kubeconfig(tmp_path, server.address)), timeout=0.3)


def naming(*names: str, kind: str = "configMapRef") -> dict[str, Any]:
    return {"spec": {"containers": [{"envFrom": [{kind: {"name": name}} for name in names]}]}}


def held(made: str = BEFORE, *writes: tuple[str, str], kind: str = "PartialObjectMetadata", **more: Any) -> Fault:
    """What the server answers who asks for metadata alone; who asks for more gets an error."""
    fields = [{"manager": manager, "operation": "Update", "time": at, "fieldsV1": {}} for manager, at in writes]
    body = {"kind": kind, "metadata": {"creationTimestamp": made, "managedFields": fields, **more}}

    def answer(handler: Handler) -> None:
        good = handler.headers["Accept"] == METADATA
        handler.answer(200 if good else 500, body)

    return answer


def said(api: Api, template: dict[str, Any], replaced: dict[str, Any] | None = None) -> tuple[str, ...]:
    return notes(api, RELEASE, SINCE, template, replaced or {})


def test_what_was_written_since_is_named_with_its_time(server: Loopback, api: Api) -> None:
    server.always[f"{CORE}/configmaps/web"] = held(BEFORE, ("helm", BEFORE), ("kubectl-edit", AFTER))
    server.always[f"{CORE}/configmaps/same"] = held(BEFORE, ("helm", BEFORE))
    server.always[f"{CORE}/configmaps/new"] = held(AFTER, ("helm", AFTER))
    first, second, third = said(api, naming("web", "same", "new"))
    after = f"after ReplicaSet/shop/web-1 was made ({SINCE}), and stays as it is now"
    assert first == f"ConfigMap new was made at {AFTER}, {after}"
    assert second == f"ConfigMap web was written at {AFTER} by kubectl-edit, {after}"
    assert third.startswith(f"no write since {TOLD} shows in ConfigMap same;")


def test_what_is_gone_is_named(server: Loopback, api: Api) -> None:
    server.always[f"{CORE}/secrets/a"] = status(404, "NotFound")
    server.always[f"{CORE}/secrets/b"] = status(404, "NotFound")
    template = naming("a", kind="secretRef")
    template["spec"]["imagePullSecrets"] = [{"name": "b"}]
    assert said(api, template) == (
        "Secret a is not there, and ReplicaSet/shop/web-1 names it: its instances would not start",
        "Secret b is not there, and ReplicaSet/shop/web-1 names it: its instances start without it",
    )


def full(handler: Handler) -> None:
    """A server that answers with the whole object, whatever was asked for."""
    handler.answer(200, {"kind": "Secret", "metadata": {"creationTimestamp": BEFORE}, "data": {"k": "aGlkZGVu"}})


UNKNOWN: dict[str, tuple[Fault | Callable[[Handler], None], str]] = {
    "forbidden": (status(403, "Forbidden"), f"forbidden ({GRANTS} grants the right)"),
    "not acceptable": (status(406, "NotAcceptable"), "refused"),
    "a server error": (status(500, "InternalError"), "server-error"),
    "broken off": (broken_off(), "truncated"),
    "no JSON": (raw(200, b"<html>"), "the answer is no object's metadata"),
    "no text": (raw(200, b'{"kind": "\xff"}'), "the answer is no object's metadata"),
    "another shape": (raw(200, b'{"metadata": []}'), "the answer is no object's metadata"),
    "the whole object": (full, "the answer is no object's metadata"),
    "no managedFields": (held(BEFORE), "it has no managedFields"),
    "no times": (held(BEFORE, ("helm", "")), "it has no managedFields"),
    "null for managedFields": (held(BEFORE, managedFields=None), "the answer is no object's metadata"),
    "no creation time": (held("", ("helm", BEFORE)), "the server does not say when it was made"),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_what_nobody_could_tell_is_said_and_never_reads_as_unchanged(server: Loopback, api: Api, case: str) -> None:
    fault, reason = UNKNOWN[case]
    server.always[f"{CORE}/secrets/a"] = server.always[f"{CORE}/secrets/b"] = fault
    (told,) = said(api, naming("a", "b", kind="secretRef"))
    assert told == f"whether Secret a, Secret b changed since {TOLD} is not known: {reason}"


def test_no_value_is_repeated(server: Loopback, api: Api) -> None:
    """`kubectl apply` leaves the whole Secret in an annotation, which is metadata."""
    applied = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps({"data": {"password": "hunter2"}})}
    server.always[f"{CORE}/secrets/a"] = held(BEFORE, ("kubectl", AFTER), annotations=applied)
    assert "hunter2" not in " ".join(said(api, naming("a", kind="secretRef")))


@pytest.mark.parametrize("name", ["..", ".", "a/b", "a?x=1", "A", "ä", "a\n", "../../../../apis/apps/v1/deployments"])
def test_a_name_that_can_be_none_is_not_asked_for(server: Loopback, api: Api, name: str) -> None:
    assert references(naming(name)) == (Reference("ConfigMap", name),)
    assert "is not there" in said(api, naming(name))[0]
    assert not server.requests


def test_volumes_that_stay_and_that_are_lost(api: Api) -> None:
    """Claims as the release names them, and what the replaced instances keep with themselves."""
    put_back = {"spec": {"volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]}}
    replaced = {"spec": {"volumes": [{"name": "cache", "emptyDir": {}}]}}
    assert said(api, put_back, replaced) == (
        "PersistentVolumeClaim data stays as it is, with what was written to it since",
        "emptyDir cache is lost with each instance that is replaced",
    )


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
def test_each_kind_says_it_of_the_release_that_is_put_back(server: Loopback, api: Api, kind: str) -> None:
    """The release names `old`; what the workload declares now names `new`, which is none of its business."""
    target = Ref(
        "cluster", "ReplicaSet" if kind == "Deployment" else "ControllerRevision", "shop", "web-1", "uid-web-1"
    )
    workload = Ref("cluster", kind, "shop", "web", "uid-web")
    made = {"uid": target.uid, "name": target.name, "creationTimestamp": SINCE}
    live = {"metadata": {"uid": workload.uid, "name": "web"}, "spec": {"template": naming("new")}}
    apps = "/apis/apps/v1/namespaces/shop"
    if kind == "Deployment":
        release: dict[str, Any] = {"metadata": made, "spec": {"template": naming("old")}}
        answers = {"replicasets/web-1": release, "deployments/web": live}
    else:
        release = {"metadata": made, "data": {"spec": {"template": {**naming("old"), "$patch": "replace"}}}}
        answers = {"controllerrevisions": {"items": [release]}, f"{kind.lower()}s": {"items": [live]}}
    for path, body in answers.items():
        server.always[f"{apps}/{path}"] = raw(200, json.dumps(body).encode())
    server.always[f"{CORE}/configmaps/old"] = held(BEFORE, ("kubectl-edit", AFTER))
    executor = executor_for(RedeployPriorRelease(workload, current=target, target=target))
    assert isinstance(executor, Staying)
    (told,) = executor.stays(api)
    assert told.startswith(f"ConfigMap old was written at {AFTER} by kubectl-edit, after {target} was made ({SINCE})")
