"""A signed approval on the lab: given without the cluster, carried out, and refused once its key has left."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.driver import command
from tests.driver.loop import Loop
from tests.driver.seen import Seen
from tests.running import Said

pytest_plugins = ["tests.driver.fixtures"]
pytestmark = [pytest.mark.lab, pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="keys need ssh-keygen")]


def name_alice(loop: Loop, *users: str) -> Path:
    """Settings of the loop in which alice has a new key, and these users; the key's file."""
    key = loop.home / "alice"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    rename_alice(loop, (loop.home / "alice.pub").read_text().strip(), *users)
    return key


def rename_alice(loop: Loop, key: str, *users: str) -> None:
    file = loop.home / "auditor.toml"
    kept = file.read_text().partition("[[approvers]]")[0] if file.exists() else ""
    text = f'[[approvers]]\nname = "alice"\nkeys = {json.dumps([key] if key else [])}\nusers = {json.dumps(users)}\n'
    file.write_text(kept + text)


def signed(loop: Loop, plan: dict[str, Any], key: Path) -> Said:
    """Sign in a home of its own, which has neither the store nor a kubeconfig, and hand it in."""
    there = loop.home / "there"
    there.mkdir()
    (there / "plan.json").write_text(json.dumps(plan))
    code = plan["id"].removeprefix("p-")[:8]
    words = ("--plan", "plan.json", "--sign", key, "--as", "alice", "--code", code, "-o", "yes.json")
    said = command.run(there, "approve", *words)
    assert said.code == 0, said
    return command.run(loop.home, "approve", plan["run"], "--signature", there / "yes.json")


def test_what_a_key_approved_is_carried_out(loop: Loop, host: str) -> None:
    key = name_alice(loop)
    plan = loop.plan("--cordon", host)
    assert signed(loop, plan, key).code == 0
    said = loop.execute(plan)
    assert said.code == 0, said
    assert loop.state(plan) == "done"


def test_a_key_that_left_the_settings_approves_no_more(loop: Loop, host: str, seen: Seen) -> None:
    key = name_alice(loop, "alice")
    plan = loop.plan("--cordon", host)
    assert signed(loop, plan, key).code == 0
    rename_alice(loop, "", "alice")
    assert loop.execute(plan).code == 1
    assert loop.refusals(plan) == ["approver-left"]
    assert not seen.writes("auditor-actor", host)
    assert loop.approve(plan).code == 0, "the user is still alice's"
    assert loop.execute(plan).code == 0


def test_a_user_whom_the_settings_do_not_name_can_not_approve(loop: Loop, host: str) -> None:
    name_alice(loop)
    plan = loop.plan("--cordon", host)
    assert loop.approve(plan).code == 1
    assert loop.refusals(plan) == ["not-allowed"]
