"""What a node leaves on the machine: container shims, mounts, a bridge, network namespaces of pods."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.lab.basics import run
from tests.lab.settings import Node

_NETWORK_NAMESPACES = Path("/var/run/netns")


def shims(node: Node) -> list[int]:
    """The pids of the shims that hold this node's containers; they outlive a crash of containerd."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"containerd-shim" in words[0] and str(node.socket).encode() in words:
            found.append(int(path.parent.name))
    return found


def _mounts(node: Node) -> list[str]:
    folders = (f"{node.state}/", f"{node.containerd_run}/")
    points = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    return sorted((point for point in points if point.startswith(folders)), reverse=True)


def remove(node: Node) -> None:
    """Remove them all; the node's containerd and containers must have ended. Nothing to do is no error."""
    for point in _mounts(node):
        run(["umount", "-l", point], check=False)
    if Path(f"/sys/class/net/{node.bridge}").exists():
        run(["ip", "link", "del", node.bridge], check=False)
    for namespace in sorted(_NETWORK_NAMESPACES.glob("cni-*")):
        addresses = run(["ip", "-n", namespace.name, "-4", "-br", "address"], check=False)
        if f" {node.subnet_prefix}" in addresses:
            run(["ip", "netns", "del", namespace.name], check=False)
    shutil.rmtree(node.containerd_run, ignore_errors=True)
    shutil.rmtree(node.state / "ipam", ignore_errors=True)
    node.socket.unlink(missing_ok=True)
    node.socket.with_name(node.socket.name + ".ttrpc").unlink(missing_ok=True)
