"""The lab as a whole: build, up, down, status and wipe. All can be repeated; `up` starts what isn't alive."""

from __future__ import annotations

import shutil
import time
from concurrent.futures import ThreadPoolExecutor

from tests.lab import (
    binaries,
    certificates,
    control_plane,
    machine,
    node_config,
    nodes,
    packages,
    processes,
    registry,
    settings,
    users,
)
from tests.lab.basics import locked


def daemons() -> list[str]:
    """The names of all daemons of a lab that is up."""
    return [
        *control_plane.DAEMONS,
        "registry",
        *(name for node in settings.NODES.values() for name in nodes.daemons(node)),
    ]


def is_made() -> bool:
    """Whether `build` has been completed on this machine."""
    return binaries.is_built() and not packages.missing()


def is_up() -> bool:
    """Whether every daemon is alive."""
    return all(processes.alive(name) for name in daemons())


def is_down() -> bool:
    """Whether no daemon is alive."""
    return not any(processes.alive(name) for name in daemons())


def build() -> None:
    with locked("build"):
        packages.install()
        binaries.build()


def up(keep_drift: bool = False) -> None:
    """Start what is not alive and wait for two Ready nodes; a drifted node is restored unless it's kept."""
    packages.require_machine()
    binaries.require()
    began = time.monotonic()
    with locked():
        _prepare()
        control_plane.start_etcd()
        control_plane.start_apiserver()
        registry.start()
        for node in settings.NODES.values():
            nodes.start_containerd(node)
        registry.ensure_images()
        control_plane.wait_until_ready()
        control_plane.start_controllers()
        for node in settings.NODES.values():
            kept = nodes.running_version(node) if keep_drift else None
            nodes.start_kubelet(node, kept or settings.KUBERNETES_VERSION)
        for node in settings.NODES.values():
            nodes.wait_until_ready(node)
        for name in daemons():
            processes.require(name)
    print(f"the lab is up ({time.monotonic() - began:.1f} s)", flush=True)


def _prepare() -> None:
    for folder in (settings.STATE, settings.RUN, settings.LOG):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    machine.prepare()
    certificates.make()
    users.make()
    for node in settings.NODES.values():
        node_config.make(node)


def down() -> None:
    """Stop everything, nodes first; the state stays for the next `up`."""
    with locked():
        _down()


def _down() -> None:
    with ThreadPoolExecutor() as pool:
        list(pool.map(nodes.stop, settings.NODES.values()))
    for name in ("registry", *reversed(control_plane.DAEMONS)):
        processes.stop(name)
    for name in processes.recorded():  # of an earlier version of the lab
        processes.stop(name)


def wipe() -> None:
    """Stop everything and forget all state; the binaries stay."""
    packages.require_machine()
    with locked():
        _down()
        for folder in (settings.STATE, settings.RUN, settings.LOG):
            shutil.rmtree(folder, ignore_errors=True)
        machine.restore()


def status() -> bool:
    """Print one line for each daemon; True if all are alive."""
    for name in daemons():
        print(f"{name:24} {processes.usage(name)}")
    for node in settings.NODES.values():
        if nodes.running_version(node) == settings.DRIFTED_VERSION:
            print(f"{node.name} is drifted: its kubelet is {settings.DRIFTED_VERSION}")
    return is_up()
