"""The recorded half of the demonstration, against what its scenarios wrote down before anything was audited."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from auditor.commands.stopping import bar
from auditor.demo import RECORDING
from tools.execute.carry_out import Standing

VIOLATED_BY = {
    "tag-only": [("image-pinned-by-digest", "tag-only")],
    "deadline-exceeded": [("rollout-complete", "deadline-exceeded")],
    "patched-in-place": [("instance-runs-release", "patched-in-place"), ("in-place-change", "patched-after-creation")],
    "superseded-outlives": [("rollout-complete", "superseded-outlives")],
    "host-drifted": [("host-baseline", "other-kubelet-version")],
    "no-owner": [("unmanaged-instance", "no-controller")],
    "entered": [("in-place-change", "exec")],
    "changed-by-hand": [("imperative-change", "{act}")],
    "not-replacing": [("rollout-replaces", "{why}")],
}
CODE = {"scale": "scaled", "pause": "paused"}


def run(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {
        **os.environ,
        "HOME": str(tmp_path),
        "AUDITOR_STORE": str(tmp_path / "s" / "store.db"),
        "KUBECONFIG": "/none",
    }
    argv = [sys.executable, "-m", "auditor", *arguments]
    return subprocess.run(argv, capture_output=True, text=True, env=env, cwd=tmp_path, timeout=120, check=False)


@pytest.fixture(scope="module")
def planted() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (RECORDING / "planted.jsonl").read_text().splitlines()]


def test_the_findings_are_what_was_planted(tmp_path: Path, planted: list[dict[str, Any]]) -> None:
    done = run(tmp_path, "audit", str(RECORDING), "-c", str(RECORDING / "auditor.toml"), "--json")
    assert done.returncode == 10, done.stderr
    found = {
        (f["check"], f["code"], subject["uid"])
        for f in json.loads(done.stdout)["findings"]
        if f["verdict"] == "violation"
        for subject in f["subjects"]
    }
    wanted = {
        (check, code_of(code, one["detail"]), one["uid"])
        for one in planted
        for check, code in VIOLATED_BY.get(one["wrong"], [])
        if not (one["wrong"] == "tag-only" and one["kind"] != "Pod")
    }
    assert found == wanted
    assert {one["wrong"] for one in planted} >= VIOLATED_BY.keys()


def code_of(code: str, detail: dict[str, Any]) -> str:
    """The code, where it depends on what was done: the act or the reason that was planted."""
    done = code.format(**detail) if code.startswith("{") else code
    return CODE.get(done, done)


def test_the_same_recording_gives_the_same_bytes(tmp_path: Path) -> None:
    for form in ([], ["--json"], ["--evidence"]):
        first = run(tmp_path, "audit", str(RECORDING), *form)
        assert first.stdout
        assert run(tmp_path, "audit", str(RECORDING), *form).stdout == first.stdout


def test_a_trace_shows_each_standing(tmp_path: Path, planted: list[dict[str, Any]]) -> None:
    pod = next(one for one in planted if one["wrong"] == "patched-in-place")
    done = run(tmp_path, "trace", f"pod/{pod['namespace']}/{pod['name']}", "--source", str(RECORDING), "--json")
    assert done.returncode == 0, done.stderr
    (path,) = json.loads(done.stdout)["paths"]
    standings = [edge["standing"] for edge in path["edges"]]
    assert standings == ["unknown", "unknown", "contradicted", "verified", "verified", "verified"]
    values = {evidence["value"] for evidence in path["edges"][2]["evidence"]}
    assert {pod["detail"]["template"], pod["detail"]["running"]} <= values


@pytest.mark.parametrize(
    ("step", "detail", "full"),
    [
        (1, "refresh InProgress, 50 %: 2 of 4", 5),
        (2, "refresh Pending, 0 %", 10),
        (1, "2 of 4 are ready", 0),
        (2, "", 10),
    ],
)
def test_the_bar_shows_how_far_a_step_is(step: int, detail: str, full: int) -> None:
    assert bar(Standing(step, 2, detail)).count("█") == full
