"""How long the loop takes on the lab: from `execute` to a verified redeploy (target 60 s, aim 15 s), and to a verified
cordon (target 5 s).

The seconds are the tool's own, from `auditor execute --json`; beside them those of the whole process. The lab is left
as it was found. Where it has not been made, that is said, and nothing else.
"""

from __future__ import annotations

import json
import os
import secrets
import statistics
import subprocess
import time
from pathlib import Path
from typing import Any

from bench.measure import AUDITOR, scratch
from tests.lab import lifecycle, sessions
from tests.lab.basics import locked
from tests.lab.cluster import Lab
from tests.lab.scenarios import broken_release

RUNS = 3
NODE = "node-b"
Figures = tuple[float, float]  # the tool's own seconds, and those of the whole process


def auditor(folder: str, *words: str) -> dict[str, Any]:
    """Run one command in that folder, where its store is too, and return what it says in JSON."""
    argv = [AUDITOR, *words, "--store", f"{folder}/store", "--json"]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 10, 3):
        raise SystemExit(f"auditor {' '.join(words)} failed ({done.returncode}): {done.stderr}")
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def approve(folder: str, plan: dict[str, Any], lab: Lab) -> None:
    """Approve a plan as a person that the cluster knows."""
    code = str(plan["id"]).removeprefix("p-")[:8]
    who = ["--kubeconfig", str(lab.kubeconfig("alice"))]
    argv = [AUDITOR, "approve", plan["run"], "--code", code, "--store", f"{folder}/store", *who]
    subprocess.run(argv, cwd=folder, stdout=subprocess.DEVNULL, check=True)


def carry_out(lab: Lab, folder: str, *wish: str) -> Figures:
    """Plan, approve and execute, each in a process of its own."""
    who = ["--kubeconfig", str(lab.kubeconfig("admin"))]
    plan = auditor(folder, "plan", *wish, "--source", "kubernetes:", *who)
    approve(folder, plan, lab)
    began = time.monotonic()
    done = auditor(folder, "execute", plan["run"], *who)
    if not done["verified"]:
        raise SystemExit(f"not verified: {done['outcome']}")
    return done["seconds"], time.monotonic() - began


def redeploy(lab: Lab, folder: str) -> Figures:
    """Break a release, and redeploy the prior one."""
    namespace = f"bench-loop-{secrets.token_hex(3)}"
    try:
        shop = broken_release(lab, namespace)[0]
        report = auditor(folder, "audit", "kubernetes:", "--kubeconfig", str(lab.kubeconfig("admin")))
        mine = [f for f in report["findings"] if f["owner"]["uid"] == shop.uid and f["check"] == "rollout-complete"]
        if not mine:
            raise SystemExit(f"the audit did not find that {namespace}/{shop.name} is broken")
        return carry_out(lab, folder, mine[0]["fingerprint"])
    finally:
        lab.discard_namespace(namespace)


def cordon(lab: Lab, folder: str) -> Figures:
    """Cordon a node, and uncordon it again."""
    try:
        return carry_out(lab, folder, "--cordon", NODE)
    finally:
        lab.kubectl("uncordon", NODE)


def say(name: str, target: str, figures: list[Figures]) -> None:
    """Print the median of both seconds in one line."""
    own, whole = (statistics.median(column) for column in zip(*figures, strict=True))
    print(f"  {name:<34} {own:7.2f} s  {whole:7.2f} s with the process  target {target}", flush=True)


def main() -> None:
    """Print the median of each, where there is a lab."""
    if os.geteuid() != 0 or not lifecycle.is_made():
        print("the loop on the lab: not measured, for the lab has not been made (make lab, as root)")
        return
    with scratch() as folder, sessions.session(), locked("alone"):
        lab = Lab()
        print(f"the loop on the lab, from execute to verified, median of {RUNS}")
        Path(folder).chmod(0o700)
        Path(folder, "auditor.toml").write_text('[[policy.rules]]\nmode = "one-approver"\n')
        say("redeploy the prior release", "60 s, aim 15 s", [redeploy(lab, folder) for _ in range(RUNS)])
        say(f"cordon {NODE}", "5 s", [cordon(lab, folder) for _ in range(RUNS)])


if __name__ == "__main__":
    main()
