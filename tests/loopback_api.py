"""A real HTTP server on loopback that speaks the list protocol of the Kubernetes API from plain objects.

It pages as the API server does (`limit`, `metadata.continue`), and can be told to answer one request wrongly: faults
are queued per path, one for each request, and a path without a fault left answers well.
"""

from __future__ import annotations

import json
import socket
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

from tests.objects import Object, listed

PODS = "/api/v1/pods"
REPLICA_SETS = "/apis/apps/v1/replicasets"
DEPLOYMENTS = "/apis/apps/v1/deployments"
NODES = "/api/v1/nodes"
KUBE_SYSTEM = "/api/v1/namespaces/kube-system"
REVISIONS = "/apis/apps/v1/controllerrevisions"
STATEFUL_SETS = "/apis/apps/v1/statefulsets"
DAEMON_SETS = "/apis/apps/v1/daemonsets"
JOBS = "/apis/batch/v1/jobs"
CRON_JOBS = "/apis/batch/v1/cronjobs"
CONTROLLERS = "/api/v1/replicationcontrollers"
ROLLOUTS = "/apis/argoproj.io/v1alpha1/rollouts"
BUDGETS = "/apis/policy/v1/poddisruptionbudgets"
EVENTS = "/api/v1/events"
LISTS = {
    PODS: "Pod",
    REPLICA_SETS: "ReplicaSet",
    DEPLOYMENTS: "Deployment",
    NODES: "Node",
    REVISIONS: "ControllerRevision",
    STATEFUL_SETS: "StatefulSet",
    DAEMON_SETS: "DaemonSet",
    JOBS: "Job",
    CRON_JOBS: "CronJob",
    CONTROLLERS: "ReplicationController",
    ROLLOUTS: "Rollout",
    BUDGETS: "PodDisruptionBudget",
    EVENTS: "Event",
}


class Handler(BaseHTTPRequestHandler):
    """Answers one request: by the next fault of its path, else from the server's objects."""

    server: Loopback
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.server.requests.append((parts.path, query))
        faults = self.server.faults[parts.path]
        fault = faults.pop(0) if faults else self.server.always.get(parts.path)
        if fault is not None:
            fault(self)
            return
        self.answer(200, self.server.answer_to(parts.path, query))

    def answer(self, status: int, body: Any, *, content_type: str = "application/json", length: int = 0) -> None:
        """Send an answer; `length` is what Content-Length says, where that is not the truth."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(length or len(data)))
        self.end_headers()
        self.wfile.write(data)
        if length:
            self.close_connection = True

    def log_message(self, *args: Any) -> None:
        """Say nothing on standard error."""


Fault = Callable[[Handler], None]


class Loopback(ThreadingHTTPServer):
    """The server. `objects` is what the cluster holds now, `page` the longest page that it gives, `faults` the
    next wrong answers of a path (None: a right one), `always` the wrong answer of a path whose faults are used up."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, objects: list[Object], page: int) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.objects = objects
        self.page = page
        self.faults: dict[str, list[Fault | None]] = defaultdict(list)
        self.always: dict[str, Fault] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def asked(self, path: str) -> list[dict[str, str]]:
        """The queries of all requests to a path, in order."""
        return [query for asked, query in self.requests if asked == path]

    def answer_to(self, path: str, query: dict[str, str]) -> Any:
        """The API's answer to a request that nothing is wrong with."""
        if path == KUBE_SYSTEM:
            return next(o for o in self.objects if o["kind"] == "Namespace")
        kind = LISTS[path]
        items = [o for o in self.objects if o["kind"] == kind]
        limit = min(int(query.get("limit", "0")) or len(items), self.page if "limit" in query else len(items))
        begin = int(query.get("continue", "0"))
        version = "/".join(path.split("/")[2:-1])
        page = listed(*items[begin : begin + limit], kind=f"{kind}List", version=version)
        if begin + limit < len(items):
            rest = len(items) - begin - limit
            page["metadata"] |= {"continue": str(begin + limit), "remainingItemCount": rest}
        return page


@contextmanager
def loopback(objects: list[Object], page: int = 500) -> Iterator[Loopback]:
    """A running server with these objects."""
    server = Loopback(objects, page)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def status(code: int, reason: str, message: str = "") -> Fault:
    """The API's own Status answer."""
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code}
    return lambda handler: handler.answer(code, {**body, "message": message or f"{reason} by the test"})


def raw(code: int, body: bytes, content_type: str = "application/json") -> Fault:
    """Any other answer."""
    return lambda handler: handler.answer(code, body, content_type=content_type)


def broken_off(body: bytes = b'{"kind":"PodList","apiVersion":"v1","items":[{"metadata"') -> Fault:
    """An answer whose Content-Length promises more than is sent."""
    return lambda handler: handler.answer(200, body, length=len(body) + 1000)


def silence(seconds: float) -> Fault:
    """No answer for so long."""

    def fault(handler: Handler) -> None:
        time.sleep(seconds)
        handler.close_connection = True

    return fault


def then(change: Callable[[Loopback], None]) -> Fault:
    """The right answer, after which the cluster changes."""

    def fault(handler: Handler) -> None:
        parts = urlsplit(handler.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        body = handler.server.answer_to(parts.path, query)
        change(handler.server)
        handler.answer(200, body)

    return fault


def write_kubeconfig(folder: Path, server: str, token: str = "a-token") -> Path:
    """A kubeconfig whose one context points there."""
    file = folder / "kubeconfig.yaml"
    file.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "loopback",
                "contexts": [{"name": "loopback", "context": {"cluster": "here", "user": "me"}}],
                "clusters": [{"name": "here", "cluster": {"server": server}}],
                "users": [{"name": "me", "user": {"token": token}}],
            }
        )
    )
    return file


def nobodys_address() -> str:
    """An address on loopback at which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
