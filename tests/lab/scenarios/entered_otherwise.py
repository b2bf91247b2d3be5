"""A person attaches to a container, copies a file into one, and forwards a port to one."""

from __future__ import annotations

import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.lab.basics import LabError
from tests.lab.cluster import Lab
from tests.lab.scenarios import rollout
from tests.lab.scenarios.planted import ENTERED, HEALTHY, Planted, planted, written

SCENARIO = "entered_otherwise"


def _attach(lab: Lab, namespace: str, pod: str) -> None:
    """Attach until the API server has logged that it began."""
    mark = f"/pods/{pod}/attach"
    with lab.kubectl_meanwhile("attach", pod, "-n", namespace, "-c", "app", user="alice"):
        lab.wait("the attach to begin", lambda: any(mark in line for line in lab.audit_tail()), 20)


def _copy(lab: Lab, namespace: str, pod: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "motd"
        file.write_text("changed\n")
        lab.kubectl("cp", str(file), f"{namespace}/{pod}:/www/motd", "-c", "app", user="alice")


def _forward(lab: Lab, namespace: str, pod: str) -> None:
    """Forward a free port to the pod's and ask it something."""
    with lab.kubectl_meanwhile("port-forward", f"pod/{pod}", ":8080", "-n", namespace, user="alice") as process:
        said = process.stdout.readline() if process.stdout else ""  # Forwarding from 127.0.0.1:PORT -> 8080
        if "127.0.0.1:" not in said:
            raise LabError(f"port-forward said {said!r}")
        port = said.split("127.0.0.1:")[1].split()[0]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=10) as answer:
            answer.read()


ACTS: dict[str, Callable[[Lab, str, str], None]] = {"attach": _attach, "cp": _copy, "port-forward": _forward}


@written
def entered_otherwise(lab: Lab, namespace: str) -> Iterator[Planted]:
    """Plant `shop` with four pods: one for each act, one left alone."""
    lab.namespace(namespace)
    shop = rollout.release(lab, namespace, "shop", lab.image("app:v1"), len(ACTS) + 1)
    *entered, alone = rollout.pods(lab, namespace, "shop")
    for (act, enter), pod in zip(ACTS.items(), entered, strict=True):
        enter(lab, namespace, pod["metadata"]["name"])
        yield planted(SCENARIO, pod, ENTERED, act=act, by="alice")
    for item in (shop, alone):
        yield planted(SCENARIO, item, HEALTHY)
