"""What takes each request first: it lets happen what is due, answers what is added, hands the rest on to moto, and
writes what changes anything into the trail. One request at a time, because moto's state is not locked."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable
from threading import RLock
from typing import Any

from auditor.embedded_aws import trail, world
from auditor.embedded_aws.call import OPERATIONS, Call, Refused
from auditor.embedded_aws.groups import moving
from auditor.embedded_aws.wire import Reply, Wire, service_of

Environ = dict[str, Any]
Start = Callable[[str, list[tuple[str, str]]], Any]
Application = Callable[[Environ, Start], Iterable[bytes]]

# The services whose requests are read here; others (S3, …) go to moto as they are.
READ = {
    "autoscaling",
    "cloudtrail",
    "codedeploy",
    "ec2",
    "ec2-instance-connect",
    "iam",
    "imagebuilder",
    "inspector2",
    "organizations",
    "ssm",
    "sts",
}
ABSENT = b"<!doctype html>\n<title>500 Internal Server Error</title>\n<h1>Internal Server Error</h1>\n"


class Front:
    """The WSGI application before moto's."""

    def __init__(self, moto: Application) -> None:
        self._moto = moto
        self._lock = RLock()

    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        """Answer one request."""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        with self._lock:
            world.current().tick(moving())
            status, headers, content = self._answer(environ, body)
        headers = {k: v for k, v in headers.items() if k.lower() not in ("content-length", "status")}
        start_response(f"{status} -", [*headers.items(), ("Content-Length", str(len(content)))])
        return [content]

    def _answer(self, environ: Environ, body: bytes) -> Reply:
        service = service_of(environ)
        wire = Wire(service, _again(environ, body)) if service in READ else None
        call = _call(wire, service, environ) if wire else None
        if wire is None or call is None:
            return self._pass_on(_again(environ, body))
        handler = OPERATIONS.get((service, wire.action))
        error, place = None, len(call.shelf(trail.EVENTS))
        try:
            if handler is None:
                reply = self._pass_on(_again(environ, body))
                error = _error(reply)
            elif service == "ec2" and call.get("DryRun"):
                raise Refused("DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
            else:
                reply = wire.answer(handler(call))
        except Refused as refused:
            error = refused.code, refused.message
            reply = wire.refusal(refused)
        if trail.changes(wire.action):
            trail.record(call, error, place)
        return reply

    def _pass_on(self, environ: Environ) -> Reply:
        """Moto's answer; where it lacks the operation that is, as from its own server, HTTP 500 with HTML."""
        said: list[tuple[int, dict[str, str]]] = []

        def started(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            said.append((int(status.split()[0]), dict(headers)))

        try:
            content = b"".join(self._moto(environ, started))
        except NotImplementedError:
            return 500, {"Content-Type": "text/html"}, ABSENT
        return *said[-1], content


def _call(wire: Wire, service: str, environ: Environ) -> Call | None:
    if not wire.action:
        return None
    account, key = str(wire.current_account), str(wire.access_key)
    agent = environ.get("HTTP_USER_AGENT", "")
    who = trail.caller(account, key)
    return Call(service, wire.action, wire.parameters, account, str(wire.region), who, agent)


def _again(environ: Environ, body: bytes) -> Environ:
    """The request once more, to be read from its beginning."""
    return {**environ, "wsgi.input": io.BytesIO(body)}


def _error(reply: Reply) -> tuple[str, str] | None:
    """The error code and message of moto's answer, None where it is none."""
    status, _, content = reply
    if status < 400:
        return None
    text = content.decode(errors="replace")
    code = re.search(r"<Code>([^<]+)|\"__type\":\s*\"(?:[^\"#]*#)?([^\"]+)", text)
    message = re.search(r"<Message>([^<]+)|\"[mM]essage\":\s*\"([^\"]+)", text)
    return _first(code) or f"HTTP {status}", _first(message)


def _first(match: re.Match[str] | None) -> str:
    return next((group for group in match.groups() if group), "") if match else ""
