"""A loopback proxy before an AWS endpoint: it knows which operation each request is, writes that down, answers one of
them as the real AWS would when something is wrong, and remembers the answers of the rest (a fleet at rest is asked a
hundred times over)."""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import botocore.session

HTML = b"<!doctype html>\n<title>500 Internal Server Error</title>\n<h1>Internal Server Error</h1>\n"
_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request")
_TIMES = re.compile(rb'"(?:StartTime|EndTime)":\s*[\d.]+')
CODES = {
    "denied": ("AccessDenied", "User: auditor is not authorized to perform this"),
    "throttled": ("Throttling", "Rate exceeded"),
    "expired": ("ExpiredToken", "The security token included in the request is expired"),
}
_ELSEWHERE = {
    "denied": {"ec2": "UnauthorizedOperation", "json": "AccessDeniedException", "rest-json": "AccessDeniedException"},
    "throttled": {"ec2": "RequestLimitExceeded", "json": "ThrottlingException", "rest-json": "ThrottlingException"},
    "expired": {"ec2": "RequestExpired", "json": "ExpiredTokenException", "rest-json": "ExpiredTokenException"},
}

Answer = tuple[int, list[tuple[str, str]], bytes]


class Proxy:
    """A proxy that runs. `faults` maps an operation's key (`ec2.DescribeInstances`) to what is answered instead:
    `denied`, `throttled`, `expired`, `html`, `cut` (the connection is closed), `nonsense`, or an error's code; `times`
    bounds how often; `after` lets so many requests of it through first. `regions` are faults of an operation in one
    region (`sts.GetCallerIdentity@ap-east-1`), `pages` answers of its own, in order; `slow` is how long each answer
    takes. `asked` are the operations that came, in order; `agents` their user agents; `busy` the most requests that
    were under way at once, by service."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.faults: dict[str, str] = {}
        self.times: dict[str, int] = {}
        self.after: dict[str, int] = {}
        self.regions: dict[str, str] = {}
        self.pages: dict[str, list[bytes]] = {}
        self.asked: list[str] = []
        self.agents: set[str] = set()
        self.busy: dict[str, int] = {}
        self._now: dict[str, int] = {}
        self._known: dict[tuple[str, bytes], Answer] = {}
        self._lock = threading.Lock()
        self.endpoint = ""
        self.slow = 0.0

    def clear(self) -> None:
        """No faults, and nothing asked."""
        self.slow = 0.0
        for held in (self.faults, self.times, self.after, self.regions, self.pages, self.asked, self.agents, self.busy):
            held.clear()

    def answer(self, handler: BaseHTTPRequestHandler, body: bytes) -> Answer | None:
        """What a request is answered; None: the connection is cut."""
        service, region, key, protocol = told(handler, body)
        with self._lock:
            self.asked.append(key)
            self.agents.add(handler.headers.get("User-Agent", ""))
            fault = self.regions.get(f"{key}@{region}") or self._fault(key)
            self._now[service] = self._now.get(service, 0) + 1
            self.busy[service] = max(self.busy.get(service, 0), self._now[service])
        time.sleep(self.slow)
        try:
            return self._passed_on(handler, key, region, body) if fault is None else refusal(fault, protocol)
        finally:
            with self._lock:
                self._now[service] -= 1

    def _fault(self, key: str) -> str | None:
        if key not in self.faults:
            return None
        if self.after.get(key, 0) > 0:
            self.after[key] -= 1
            return None
        if key in self.times:
            if not self.times[key]:
                return None
            self.times[key] -= 1
        return self.faults[key]

    def _passed_on(self, handler: BaseHTTPRequestHandler, key: str, region: str, body: bytes) -> Answer:
        if key in self.pages:
            with self._lock:
                return 200, [("Content-Type", "text/xml")], self.pages[key].pop(0)
        known = (f"{key} {region} {handler.path}", _TIMES.sub(b"", body))
        if known not in self._known:
            parts = urlsplit(self.upstream)
            connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
            headers = {name: value for name, value in handler.headers.items() if name.lower() != "host"}
            headers["Host"] = parts.netloc
            connection.request(handler.command, handler.path, body, headers)
            got = connection.getresponse()
            kept = [(n, v) for n, v in got.getheaders() if n.lower() in ("content-type", "x-amzn-errortype")]
            self._known[known] = got.status, kept, got.read()
            connection.close()
        return self._known[known]


def refusal(fault: str, protocol: str) -> Answer | None:
    """What AWS answers where something is wrong, as the protocol writes it."""
    if fault == "cut":
        return None
    if fault == "html":
        return 500, [("Content-Type", "text/html; charset=utf-8")], HTML
    if fault == "nonsense":
        return 200, [("Content-Type", "text/xml")], b"<a><b></a>" if protocol in ("ec2", "query") else b'{"'
    code, message = CODES.get(fault, (fault, "The security token included in the request is invalid"))
    code = _ELSEWHERE.get(fault, {}).get(protocol, code)
    if protocol in ("json", "rest-json"):
        kind = [("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-ErrorType", code)]
        return 403 if protocol == "rest-json" else 400, kind, json.dumps({"__type": code, "message": message}).encode()
    inside = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    whole = (
        f"<Response><Errors>{inside}</Errors><RequestID>1</RequestID></Response>"
        if protocol == "ec2"
        else f"<ErrorResponse>{inside}<RequestId>1</RequestId></ErrorResponse>"
    )
    return 403, [("Content-Type", "text/xml")], whole.encode()


_MODELS: dict[str, Any] = {}
_LOADING = threading.Lock()


def _model(service: str) -> Any:
    with _LOADING:
        if service not in _MODELS:
            _MODELS[service] = botocore.session.Session().get_service_model(service)
    return _MODELS[service]


def told(handler: BaseHTTPRequestHandler, body: bytes) -> tuple[str, str, str, str]:
    """A request's service, region, operation's key and protocol, from what it says itself."""
    found = _CREDENTIAL.search(handler.headers.get("Authorization", ""))
    region, service = (found[2], found[3]) if found else ("", "")
    model = _model(service)
    protocol = str(model.resolved_protocol)
    if target := handler.headers.get("X-Amz-Target", ""):
        name = target.rpartition(".")[2]
    elif protocol in ("ec2", "query"):
        name = parse_qs(body.decode())["Action"][0]
    else:
        path = urlsplit(handler.path).path
        name = next(
            one
            for one in model.operation_names
            if (http := model.operation_model(one).http)["method"] == handler.command
            and http["requestUri"].partition("?")[0] == path
        )
    return service, region, f"{service}.{name}", protocol


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: Proxy

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = self.proxy.answer(self, body)
        if answer is None:
            self.close_connection = True
            self.connection.close()
            return
        status, headers, content = answer
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _serve  # noqa: N815 (http.server's names)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def finish(self) -> None:
        """End quietly where the connection was cut."""
        with suppress(OSError, ValueError):
            super().finish()


@contextmanager
def proxied(upstream: str) -> Iterator[Proxy]:
    """A proxy before an endpoint, on the loopback."""
    proxy = Proxy(upstream)
    handler = type("Handler", (_Handler,), {"proxy": proxy})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    proxy.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
