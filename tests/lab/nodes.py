"""The nodes: each a real kubelet with its own containerd; a drifted one runs another version of it."""

from __future__ import annotations

import calendar
import json
import time
from pathlib import Path
from typing import Any

from tests.lab import control_plane, node_config, node_leftovers, processes, settings, users
from tests.lab.basics import run, wait
from tests.lab.settings import Node


def daemons(node: Node) -> tuple[str, str]:
    """The names of the node's daemons: its containerd and its kubelet."""
    return f"containerd-{node.name}", f"kubelet-{node.name}"


def _ctr(node: Node, *words: str) -> str:
    return run(["ctr", "--address", node.socket, "--namespace", "k8s.io", *words], check=False)


def kill_container(node: Node, container: str) -> None:
    """End the first process of a container (`containerd://ID`, as its status says), as a crash would."""
    _ctr(node, "tasks", "kill", "--signal", "SIGKILL", container.removeprefix("containerd://"))


def start_containerd(node: Node) -> None:
    """Start containerd; it takes over what outlived its crash, and finds a clean machine after a reboot."""
    name, _ = daemons(node)
    if processes.alive(name):
        return
    node_config.make(node)
    if not node_leftovers.shims(node):
        node_leftovers.remove(node)
    processes.start(name, ["containerd", "--config", node.state / "containerd.toml"])


def kubelet_binary(version: str) -> Path:
    """The kubelet that reports this version."""
    drifted = version == settings.DRIFTED_VERSION
    return (settings.DRIFTED_BINARIES if drifted else settings.BINARIES) / "kubelet"


def running_version(node: Node) -> str | None:
    """The version of the kubelet that runs on the node, by its program; None if none runs."""
    program = processes.executable(daemons(node)[1])
    if program is None:
        return None
    drifted = program.is_relative_to(settings.DRIFTED_BINARIES)
    return settings.DRIFTED_VERSION if drifted else settings.KUBERNETES_VERSION


def start_kubelet(node: Node, version: str = settings.KUBERNETES_VERSION) -> None:
    """Start the kubelet of that version, in place of another that may run."""
    containerd, name = daemons(node)
    if running_version(node) not in (None, version):
        processes.stop(name)
    if processes.alive(name):
        return
    wait(f"{containerd} to listen", node.socket.exists, 20)
    processes.start(name, [
        kubelet_binary(version), "--config", node.state / "kubelet.yaml",
        "--kubeconfig", users.kubeconfig(f"system:node:{node.name}"), "--hostname-override", node.name,
        "--root-dir", node.state / "kubelet", "--cert-dir", node.state / "kubelet-pki",
    ])  # fmt: skip


def _is_ready(node: Node) -> bool:
    """Whether the kubelet that runs now has said Ready under its version: an old status proves nothing."""
    name = daemons(node)[1]
    processes.require(name)
    url = f"{settings.API_SERVER}/api/v1/nodes/{node.name}"
    status: dict[str, Any] = json.loads(control_plane.get(url, users.tokens()["admin"]))["status"]
    ready = next(c for c in status["conditions"] if c["type"] == "Ready")
    beat = calendar.timegm(time.strptime(ready["lastHeartbeatTime"], "%Y-%m-%dT%H:%M:%SZ"))
    same_version = status["nodeInfo"]["kubeletVersion"] == running_version(node)
    return same_version and ready["status"] == "True" and beat >= int(processes.started_at(name))


def wait_until_ready(node: Node, seconds: float = 60) -> None:
    wait(f"{node.name} to be Ready", lambda: _is_ready(node), seconds)


def stop(node: Node) -> None:
    """End the kubelet, all containers and containerd, and remove what they leave."""
    containerd, kubelet = daemons(node)
    processes.stop(kubelet)
    if node_leftovers.shims(node) and not processes.alive(containerd):
        start_containerd(node)  # it crashed and its containers did not: only it can end them properly
    if processes.alive(containerd):
        _end_containers(node)
    processes.stop(containerd)
    node_leftovers.remove(node)


def _end_containers(node: Node) -> None:
    wait(f"containerd of {node.name}", lambda: "Server" in _ctr(node, "version"), 20)
    for task in _ctr(node, "tasks", "ls", "-q").split():
        _ctr(node, "tasks", "rm", "--force", task)
    for container in _ctr(node, "containers", "ls", "-q").split():
        _ctr(node, "containers", "rm", container)
    wait(f"the shims of {node.name} to end", lambda: not node_leftovers.shims(node), 20)
