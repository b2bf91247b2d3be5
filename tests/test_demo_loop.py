"""`auditor demo` as a new user runs it, and what it did to its embedded account, looked at from outside of it."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import boto3
import pytest

from auditor.commands import approve
from auditor.demo.fleet import COMMAND
from auditor.demo.stage import Stage, staged
from auditor.demo.walk import Walk

DEMO = [sys.executable, "-u", "-m", "auditor", "demo"]
SECONDS = 180.0  # on a machine that many share
HOSTILE = {
    "AWS_PROFILE": "nobody",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "AWS_ENDPOINT_URL_EC2": "http://127.0.0.1:1",
    "AWS_CA_BUNDLE": "/none",
    "AWS_DEFAULT_REGION": "moon-1",
    "AWS_CONFIG_FILE": "/none",
    "MOTO_ACCOUNT_ID": "999999999999",
    "HTTP_PROXY": "http://127.0.0.1:1",
    "https_proxy": "http://127.0.0.1:1",
}


def surroundings(tmp_path: Path, **more: str) -> dict[str, str]:
    """A home with settings of AWS that nobody could work with, and a folder of its own for what is temporary."""
    (tmp_path / "home" / ".aws").mkdir(parents=True)
    for name in ("config", "credentials"):
        (tmp_path / "home" / ".aws" / name).write_text("this is no configuration [")
    (tmp_path / "tmp").mkdir()
    store = str(tmp_path / "home" / "store.db")
    own = {"HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path / "tmp"), "AUDITOR_STORE": store}
    return {**os.environ, **HOSTILE, **own, **more}


def nothing_left(tmp_path: Path) -> bool:
    home = sorted(path.name for path in (tmp_path / "home").rglob("*"))
    return home == [".aws", "config", "credentials"] and not list((tmp_path / "tmp").iterdir())


def test_it_acts_unattended(tmp_path: Path) -> None:
    """Whatever AWS settings the machine has; and nothing of it is left."""
    done = subprocess.run(
        [*DEMO, "--yes"],
        capture_output=True,
        text=True,
        env=surroundings(tmp_path),
        timeout=SECONDS,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert (done.returncode, done.stderr) == (0, ""), done
    parts = re.split(r"━━ \d/8", done.stdout)
    assert len(parts) == 9
    _, audited, traced, explained, planned, approved, executed, after, refused = parts
    assert "AutoScalingGroup/checkout" in audited
    assert "Deployment/checkout/shop" in audited
    below = traced.partition("the server below it")[2]
    steps = ["image/nodes/1.0.0/1", "ami-", "LaunchTemplateVersion/nodes:1", "AutoScalingGroup/nodes", "Instance/i-"]
    assert [below.find(step) >= 0 for step in steps] == [True] * 5
    assert COMMAND in explained
    assert "user/bob (person)" in explained
    assert "redeploy LaunchTemplateVersion/checkout:1 of AutoScalingGroup/checkout" in planned
    assert "approved by arn:aws:iam::123456789012:user/alice" in approved
    assert "refresh Successful, 100 %: 4 of 4 servers" in executed
    assert "verified after" in executed
    assert re.search(r"gone +f-\w+ +high +AutoScalingGroup/checkout", after)
    assert "looked at a recording" in refused
    assert nothing_left(tmp_path)


@pytest.fixture(scope="module")
def walked() -> Any:
    """The stage after two walks: one whose plan nobody approved, and one whose plan was; with both exit codes, and what
    the account held between them and afterwards."""
    before = dict(os.environ)
    with staged() as stage, pytest.MonkeyPatch.context() as patched:
        asked: list[str] = []

        def ask(_: object) -> str:
            asked.append("00000000")
            return asked[-1]

        patched.setattr(approve, "ask", ask)
        first = Walk(stage, step=False, yes=False).all()
        between = held(stage)
        codes = first, Walk(stage, step=False, yes=True).all()
        yield asked, codes, between, held(stage)
    assert dict(os.environ) == before


def held(stage: Stage) -> dict[str, Any]:
    """What the embedded account holds, asked by boto3 as its operator."""
    groups = boto3.client("autoscaling", **stage.aws.client())
    trail = boto3.client("cloudtrail", **stage.aws.client())
    told = groups.describe_auto_scaling_groups()["AutoScalingGroups"]
    events = trail.lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "StartInstanceRefresh"}]
    )
    return {
        "named": {one["AutoScalingGroupName"]: one["LaunchTemplate"]["Version"] for one in told},
        "members": {
            one["AutoScalingGroupName"]: {m["InstanceId"]: m["LaunchTemplate"]["Version"] for m in one["Instances"]}
            for one in told
        },
        "refreshes": [event["Username"] for event in events["Events"]],
    }


def test_without_an_approval_nothing_is_done(walked: Any) -> None:
    asked, codes, between, _ = walked
    assert (len(asked), codes[0]) == (3, 1)
    assert between["named"]["checkout"] == "2"
    assert sorted(between["members"]["checkout"].values()) == ["1", "1", "1", "2"]
    assert between["refreshes"] == ["pipeline-812"]


def test_the_account_is_as_it_was_said_to_be(walked: Any) -> None:
    _, codes, between, after = walked
    assert codes[1] == 0
    assert after["named"] == between["named"] | {"checkout": "1"}
    assert list(after["members"]["checkout"].values()) == ["1"] * 4
    assert not after["members"]["checkout"].keys() & between["members"]["checkout"].keys()
    assert after["refreshes"] == ["execute", "pipeline-812"]
    others = [{k: v for k, v in one["members"].items() if k != "checkout"} for one in (between, after)]
    assert others[0] == others[1]


def test_it_asks_on_a_terminal(tmp_path: Path) -> None:
    """A code that is not the plan's is refused, and asked for again."""
    ours, theirs = pty.openpty()
    demo = subprocess.Popen(DEMO, stdin=theirs, stdout=theirs, stderr=theirs, env=surroundings(tmp_path))
    os.close(theirs)
    try:
        shown = read_until(ours, "to approve it: ")
        os.write(ours, b"wrong\n")
        assert "the code is not this plan's" in read_until(ours, "to approve it: ")
        code = re.search(r"plan ([0-9a-f]{8})\b", plain(shown))
        assert code
        os.write(ours, code[1].encode() + b"\n")
        shown = plain(read_until(ours, "Nothing of this is left"))
        assert "verified after" in shown
        assert "█" in shown
        assert "50 %" in shown
        while read(ours):
            pass
        assert demo.wait(SECONDS) == 0
    finally:
        demo.kill()
        demo.wait()
        os.close(ours)
    assert nothing_left(tmp_path)


def read_until(terminal: int, text: str) -> str:
    shown = ""
    while text not in plain(shown):
        more = read(terminal)
        assert more, shown
        shown += more
    return shown


def read(terminal: int) -> str:
    """What a terminal shows next; empty at its end."""
    ready, _, _ = select.select([terminal], [], [], SECONDS)
    try:
        return os.read(terminal, 65536).decode(errors="replace") if ready else ""
    except OSError:  # the other end was closed
        return ""


def plain(shown: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", shown)


@pytest.mark.parametrize(
    ("part", "number", "code"), [("2/8", signal.SIGINT, 130), ("6/8", signal.SIGINT, 130), ("1/8", signal.SIGTERM, 143)]
)
def test_it_ends_when_it_is_told_to(tmp_path: Path, part: str, number: signal.Signals, code: int) -> None:
    """With nothing left: no folder, no process, and nobody who listens."""
    env = surroundings(tmp_path)
    demo = subprocess.Popen(
        [*DEMO, "--yes"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, env=env
    )
    assert demo.stdout
    shown = ""
    for row in demo.stdout:
        shown += row
        if part in row:
            break
    assert {host for host, _ in listening(demo.pid)} == {"127.0.0.1"}
    port = next(port for _, port in listening(demo.pid))
    demo.send_signal(number)
    rest, complaint = demo.communicate(timeout=SECONDS)
    assert demo.returncode == code, (rest, complaint)
    assert "Traceback" not in complaint
    assert "Nothing of this is left" not in rest
    assert nothing_left(tmp_path)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 5)


def listening(pid: int) -> list[tuple[str, int]]:
    """Where a process listens: its sockets in the kernel's tables, IPv6 told as it is written there."""
    links = [str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir() if path.is_symlink()]
    own = {link[8:-1] for link in links if link.startswith("socket:")}
    found = []
    for table in ("tcp", "tcp6"):
        for row in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *_ = row.split()
            if state == "0A" and row.split()[9] in own:
                host, _, port = local.partition(":")
                packed = bytes.fromhex(host)[::-1]
                found.append((socket.inet_ntoa(packed) if len(packed) == 4 else host, int(port, 16)))
    return found


def test_without_a_terminal_it_says_how(tmp_path: Path) -> None:
    begun = time.monotonic()
    done = subprocess.run(
        DEMO, capture_output=True, text=True, env=surroundings(tmp_path), check=False, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 2
    assert "no terminal to ask on" in done.stderr
    assert "auditor demo --yes" in done.stderr
    assert not done.stdout
    assert time.monotonic() - begun < 10


def test_without_moto_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "none" / "moto").mkdir(parents=True)
    (tmp_path / "none" / "moto" / "__init__.py").write_text("raise ModuleNotFoundError(\"No module named 'moto'\")\n")
    path = os.pathsep.join([str(tmp_path / "none"), *filter(None, [os.environ.get("PYTHONPATH")])])
    env = surroundings(tmp_path, PYTHONPATH=path)
    done = subprocess.run([*DEMO, "--yes"], capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 1
    assert "moto" in done.stderr.splitlines()[0]
    assert "do: " in done.stderr
    assert "Traceback" not in done.stderr
    assert nothing_left(tmp_path)
