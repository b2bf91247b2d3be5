"""An HTTP server on loopback that answers as AWS does: from tables, with a refusal for all that they do not hold.

A request's service is read from the scope of its signature, its operation from the form, the target or the path, with
botocore's models. Whole pages are rendered before anybody asks. Another region than the fleet's is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from bench import aws_wire as wire
from bench.aws_objects import REGION, Object
from bench.aws_tables import Refused, Table

Answer = Callable[[Object], Object]
SCOPE = re.compile(r"Credential=[^/]+/\d{8}/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")


class Server:
    """Serves on 127.0.0.1, on a port of its own, while it is entered. `counts` says how often each was asked."""

    def __init__(self, tables: list[Table], single: dict[str, Answer]) -> None:
        self.tables = {table.key: table for table in tables}
        self.single, self.counts = single, dict[str, int]()
        self._pages: dict[tuple[str, str], bytes] = {}
        self._lock = Lock()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Handler,), {"server_of": self}))
        self._http.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> Self:
        for table in self.tables.values():
            self._walk(table)
        Thread(target=self._http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def _walk(self, table: Table) -> None:
        token: str | None = ""
        while token is not None and table.items:
            asked = {"NextToken": token} if token else {}
            self.page(table, asked)
            token = table.answer(asked).get("NextToken")

    def page(self, table: Table, asked: Object) -> bytes:
        """A page, rendered once for all who ask for the same."""
        size = asked.get("MaxResults") or asked.get("MaxRecords")
        keyed = {k: v for k, v in asked.items() if k not in ("MaxResults", "MaxRecords")}
        if size and int(size) < table.limit:
            keyed["MaxResults"] = int(size)
        key = (table.key, json.dumps(keyed, sort_keys=True))
        if key not in self._pages:
            self._pages[key] = wire.render(table.service, table.operation, table.answer(asked))[0]
        return self._pages[key]

    def answer(self, service: str, operation: str, asked: Object) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers."""
        key = f"{service}.{operation}"
        with self._lock:
            self.counts[key] = self.counts.get(key, 0) + 1
            try:
                if key in self.tables:
                    body, kind = self.page(self.tables[key], asked), wire.content_type(service)
                elif key in self.single:
                    body, kind = wire.render(service, operation, self.single[key](asked))
                else:
                    return wire.refuse(service, 403, *_denied(service, operation))
            except Refused as refused:
                return wire.refuse(service, 400, refused.code, refused.message)
        return 200, body, {"Content-Type": kind}


def _denied(service: str, operation: str) -> tuple[str, str]:
    code = "UnauthorizedOperation" if service == "ec2" else "AccessDenied"
    code = "AccessDeniedException" if wire.protocol(service) in ("json", "rest-json") else code
    return code, f"User: reader is not authorized to perform: {service}:{operation}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server_of: Server

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_PUT = do_GET  # noqa: N815

    def _answer(self) -> None:
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        found = SCOPE.search(self.headers.get("Authorization", ""))
        if found is None:
            return self._send(403, b"<Error><Code>AccessDenied</Code></Error>", {"Content-Type": "text/xml"})
        region, service = found.groups()
        operation, asked = _read(service, self.command, self.path, text, self.headers.get("X-Amz-Target", ""))
        if region not in (REGION, "us-east-1") or (region != REGION and service == "ec2"):
            return self._send(*wire.refuse(service, 401, "AuthFailure", "this region is not enabled"))
        return self._send(*self.server_of.answer(service, operation, asked))

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "x-amzn-RequestId": wire.REQUEST, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as in the base class
        """Say nothing."""


def _read(service: str, method: str, path: str, text: str, target: str) -> tuple[str, Object]:
    """The operation that a request is, and its parameters by the API's names."""
    if target:
        return target.rpartition(".")[2], json.loads(text or "{}")
    form = wire.protocol(service)
    if form in ("ec2", "query"):
        flat = dict(parse_qsl(text or urlsplit(path).query, keep_blank_values=True))
        return flat["Action"], wire.asked(service, flat["Action"], flat)
    for name in wire.model(service).operation_names:
        http = wire.model(service).operation_model(name).http
        if http["method"] == method and http["requestUri"].partition("?")[0] == urlsplit(path).path:
            return name, json.loads(text) if text.startswith("{") else {}
    return f"{method} {urlsplit(path).path}", {}
