"""The connection to one cluster: the kubernetes client for authentication and transport, raw bytes in and out.

Whoever holds an `Api` holds credentials; it never leaves the process. Both the collector and the executors use it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import urllib3
import yaml
from kubernetes import config as kube_config
from kubernetes.client import ApiClient, Configuration

from tools.errors import ApiFailure as ApiFailure
from tools.errors import SourceError

CODES = {
    401: "unauthorized",
    403: "forbidden",
    404: "not-found",
    409: "conflict",
    410: "expired",
    422: "invalid",
    429: "throttled",
}
JSON_PATCH = "application/json-patch+json"
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"


class Api:
    """One cluster under one set of credentials. `name` is the context's name, `server` the address that answers."""

    def __init__(self, client: ApiClient, name: str, timeout: float = 30.0) -> None:
        self._client = client
        self.name = name
        self.server: str = client.configuration.host
        self.timeout = timeout

    def get(self, path: str, **query: str | int) -> bytes:
        """GET a path; the raw body. Raises `ApiFailure`."""
        return self._request("GET", path, query)

    def read(self, path: str) -> dict[str, Any]:
        """GET one object as plain data. Raises `ApiFailure` (`broken`) where the answer is no JSON object."""
        return _object(self.get(path), f"GET {path}")

    def metadata(self, path: str) -> bytes:
        """GET one object's metadata and nothing else of it; the raw body. Raises `ApiFailure`, also where the server
        can't leave the rest out (406)."""
        return self._request("GET", path, {}, accept=METADATA)

    def post(self, path: str, body: dict[str, Any], *, dry_run: bool = False, audit_id: str = "") -> dict[str, Any]:
        """POST an object; the answer as plain data. `audit_id` is what the server's audit log shall call the request
        (header `Audit-ID`, which the API server takes over)."""
        query: dict[str, str | int] = {"dryRun": "All"} if dry_run else {}
        return _object(self._request("POST", path, query, body, "application/json", audit_id=audit_id), f"POST {path}")

    def patch(
        self, path: str, operations: list[dict[str, Any]], *, dry_run: bool, audit_id: str = ""
    ) -> dict[str, Any]:
        """Send a JSON patch (RFC 6902); the object after it as plain data. `dry_run` is the server's own
        (`dryRun=All`): admission runs and nothing is stored."""
        query: dict[str, str | int] = {"fieldManager": "auditor", "fieldValidation": "Strict"}
        if dry_run:
            query["dryRun"] = "All"
        return _object(self._request("PATCH", path, query, operations, JSON_PATCH, audit_id=audit_id), f"PATCH {path}")

    def _request(
        self,
        method: str,
        path: str,
        query: dict[str, str | int],
        body: Any = None,
        content_type: str = "",
        audit_id: str = "",
        accept: str = "application/json",
    ) -> bytes:
        headers = {"Accept": accept, "User-Agent": "auditor"}
        if content_type:
            headers["Content-Type"] = content_type
        if audit_id:
            headers["Audit-ID"] = audit_id
        self._client.update_params_for_auth(headers, [], ["BearerToken"], path, method, body)
        url = self.server + path + (f"?{urlencode(query)}" if query else "")
        try:
            response = self._client.rest_client.request(method, url, headers, body, _request_timeout=self.timeout)
            data: bytes = response.read()
        except urllib3.exceptions.HTTPError as error:
            raise _unanswered(error, self.server) from error
        if not 200 <= response.status < 300:
            code = CODES.get(response.status, "server-error" if response.status >= 500 else "refused")
            raise ApiFailure(response.status, code, f"{method} {path}: {response.status} {_told(data)}")
        return data


def connect(kubeconfig: str = "", context: str = "", timeout: float = 30.0) -> Api:
    """Open the cluster of a kubeconfig's context (by default the usual ones), or, inside a pod without a kubeconfig,
    the cluster that it runs in. Nothing is sent yet. Raises `SourceError`."""
    configuration = Configuration()
    try:
        if not kubeconfig and not context and not _default_kubeconfig():
            kube_config.load_incluster_config(client_configuration=configuration)
            name = "in-cluster"
        else:
            kube_config.load_kube_config(kubeconfig or None, context or None, configuration, persist_config=False)
            name = context or _current_context(kubeconfig)
    except (kube_config.ConfigException, OSError, yaml.YAMLError, TypeError, ValueError, AttributeError) as error:
        told = str(error) or type(error).__name__
        raise SourceError(f"{_where(kubeconfig, context)} can't be used", told, _MEND) from error
    if not configuration.host.startswith(("http://", "https://")):
        raise SourceError(
            f"{_where(kubeconfig, context)} can't be used", f"its server is {configuration.host!r}", _MEND
        )
    configuration.retries = False  # one request is one request; and a redirect is an answer, not followed
    return Api(ApiClient(configuration), name, timeout)


_MEND = "kubectl config get-contexts shows what there is; --kubeconfig and the context choose"


def _where(kubeconfig: str, context: str) -> str:
    named = f"kubeconfig {kubeconfig}" if kubeconfig else "the kubeconfig"
    return named + (f" with context {context!r}" if context else "")


def _default_kubeconfig() -> bool:
    named = os.environ.get("KUBECONFIG", "")
    return bool(named) or (Path.home() / ".kube" / "config").exists()


def _current_context(kubeconfig: str) -> str:
    _, active = kube_config.list_kube_config_contexts(kubeconfig or None)
    return str(active["name"])


def _unanswered(error: urllib3.exceptions.HTTPError, server: str) -> ApiFailure:
    reason: BaseException = getattr(error, "reason", None) or error
    if isinstance(error, urllib3.exceptions.ProtocolError | urllib3.exceptions.DecodeError):
        return ApiFailure(0, "truncated", f"the answer of {server} broke off", str(reason))
    if isinstance(error, urllib3.exceptions.ReadTimeoutError) or isinstance(
        reason, urllib3.exceptions.ReadTimeoutError
    ):
        return ApiFailure(0, "timeout", f"{server} did not answer in time", str(reason))
    return ApiFailure(0, "unreachable", f"nothing answers at {server}", str(reason).rpartition(": ")[2])


def _object(data: bytes, asked: str) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError as error:
        raise ApiFailure(200, "broken", f"{asked}: the answer is no JSON", str(error)) from error
    if not isinstance(found, dict):
        raise ApiFailure(200, "broken", f"{asked}: the answer is no object")
    return found


def _told(data: bytes) -> str:
    """The `message` of an API Status with its causes, or the beginning of whatever was answered."""
    try:
        status = msgspec.json.decode(data)
        causes = (status.get("details") or {}).get("causes") or ()
        return " ".join([str(status["message"]), *(str(cause["message"]) for cause in causes)])
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
        return data[:120].decode("utf-8", "replace").strip()
