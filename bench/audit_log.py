"""What reading an audit log costs: a generated log, beside jq counting the same execs in it.

`python -m bench.audit_log 1000` makes one of 1,000 MB (200 without a number), and deletes it at the end: the events of
a real cluster's log, whose policy dropped reads, again and again, each time later, under new audit ids and names; and
before each of them two that a fuller policy lets through (a controller's read, a kubelet's heartbeat or status).
"""

from __future__ import annotations

import gzip
import itertools
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.measure import once, row, scratch
from tools.collect.actors import Actors
from tools.collect.kubernetes.auditlog.attach import attach
from tools.model.facts import Facts
from tools.model.identity import Ref, Scope
from tools.model.nouns import Host

LOG = Path(__file__).parent.parent / "tests/data/audit/lab.log.gz"
MEGABYTES = 200
NODE = "node-a"
_KINDS = (
    ("leases", "", "update", ""),
    ("configmaps", "", "get", ""),
    ("pods", "/status", "patch", '"requestObject":{"status":{}},"responseObject":%s,'),
    ("endpointslices", "", "watch", ""),
)
_ID = re.compile(rb'"auditID":"([0-9a-f-]{8})')
_TIME = re.compile(rb"2026-11-23T\d\d:")
_EXECS = (
    'select(.objectRef.subresource == "exec" and .stage == "ResponseComplete" and .responseStatus.code == 101)'
    " | .auditID"
)


def main() -> None:
    """Generate the log, read it, count with jq, print the figures; or read one (`read FILE`) and print its execs."""
    if sys.argv[1:2] == ["read"]:
        print(execs_of(Path(sys.argv[2])))
        return
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else MEGABYTES
    print(f"an audit log of {megabytes:,} MB")
    with scratch() as folder:
        log = Path(folder) / "audit.log"
        lines = generate(log, megabytes * 1_000_000)
        ours = once([sys.executable, "-m", "bench.audit_log", "read", str(log)])
        found = said([sys.executable, "-m", "bench.audit_log", "read", str(log)])
        row("reading it into changes", ours, f"{lines:,} events, {found} execs")
        if shutil.which("jq") is None:
            print("  jq is not installed: nothing to compare with")
            return
        theirs = once(["jq", "-r", _EXECS, str(log)])
        counted = len(set(said(["jq", "-r", _EXECS, str(log)]).split()))
        row("jq selecting the execs", theirs, f"{counted} execs")
        if str(counted) != found:
            sys.exit(f"jq counts {counted} execs, and the auditor {found}")


def generate(log: Path, size: int) -> int:
    """Write a log of at least this size; how many events it holds."""
    lines = gzip.decompress(LOG.read_bytes()).splitlines(keepends=True)
    written = events = 0
    with log.open("wb") as out:
        for block in (_again(lines, number) for number in itertools.count()):
            for line in block:
                written += out.write(line)
                events += 1
            if written >= size:
                return events
    raise AssertionError("the blocks have no end")


def _others(number: int) -> Iterator[bytes]:
    """Events that are no acts, without an end."""
    spec = (
        '{"nodeName":"node-a","containers":['
        + ",".join(['{"name":"app","image":"registry.example/app:1"}'] * 20)
        + "]}"
    )
    pod = f'{{"kind":"Pod","apiVersion":"v1","metadata":{{"name":"web-1","uid":"u"}},"spec":{spec},"status":{{}}}}'
    for count in itertools.count():
        resource, subresource, verb, body = _KINDS[count % len(_KINDS)]
        audit = f"{number:08x}-0000-4000-8000-{count:012x}"
        yield (
            f'{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"{audit}","stage":'
            f'"ResponseComplete","requestURI":"/api/v1/namespaces/default/{resource}/web-1{subresource}","verb":"{verb}",'
            '"user":{"username":"system:node:node-b","groups":["system:nodes","system:authenticated"]},"sourceIPs":'
            '["10.0.0.1"],"userAgent":"kubelet/v1.36.3 (linux/amd64) kubernetes/abcdef0","objectRef":{"resource":'
            f'"{resource}","namespace":"default","name":"web-1","apiVersion":"v1","subresource":"{subresource[1:]}"}},'
            f'"responseStatus":{{"metadata":{{}},"code":200}},{body % pod if body else ""}"requestReceivedTimestamp":'
            '"2026-01-01T00:00:00.000001Z","stageTimestamp":"2026-01-01T00:00:00.000002Z","annotations":{}}\n'
        ).encode()


def _again(lines: list[bytes], number: int) -> Iterator[bytes]:
    """The events once more: hours later, under other ids, about other objects."""
    day, hour = divmod(number, 24)
    time, audit = b"2025-%02d-%02dT%02d:" % (1 + day // 28 % 12, 1 + day % 28, hour), b'"auditID":"%08x' % number
    others = _others(number)
    for line in lines:
        yield next(others)
        yield next(others)
        yield _TIME.sub(time, _ID.sub(audit, line)).replace(b"svc-", b"s%03d-" % (number % 100))


def execs_of(log: Path) -> int:
    """How many execs the auditor finds."""
    scope = Scope(id="bench", name="bench", kind="kubernetes", recorded=True)
    node = Host(
        ref=Ref("bench", "Node", "", NODE, "bench-node"), version="1", pool="", created="", unschedulable=False,
        ready=True, provider="", facts={},
    )  # fmt: skip
    facts = Facts(moment="2026-12-31T00:00:00Z", scopes=(scope,), hosts=(node,))
    changes = attach(facts, [log], None, Actors()).changes
    return sum(change.count for change in changes if change.act == "exec")


def said(argv: list[str]) -> str:
    """What a command prints."""
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    main()
