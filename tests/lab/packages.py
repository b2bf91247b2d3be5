"""The Debian packages that the lab is made of; installs those that are missing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab.basics import LabError, run

PACKAGES = (
    "etcd-server", "containerd", "runc", "containernetworking-plugins", "docker-registry", "buildah",
    "busybox-static", "openssl", "iproute2",
)  # fmt: skip


def missing() -> list[str]:
    """The packages that are not installed; all of them where there is no dpkg."""
    if not shutil.which("dpkg-query"):
        return list(PACKAGES)
    query = ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *PACKAGES]
    said = run(query, check=False)  # fails when it doesn't know one of them
    return [name for name in PACKAGES if f"{name} installed" not in said.splitlines()]


def require_machine() -> None:
    """Raise LabError unless this is root on a Debian machine."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-query"):
        raise LabError("the lab needs Debian (bookworm) on Linux: there is no apt-get here")
    if os.geteuid() != 0:
        raise LabError("the lab runs containers and needs root: run it as root")


@contextmanager
def _services_stay_off() -> Iterator[None]:
    """While it lasts, a package that brings a system service does not start it: the lab starts its own."""
    policy = Path("/usr/sbin/policy-rc.d")
    if policy.exists():
        yield
        return
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink()


def install() -> None:
    """Install what is missing; nothing to do takes a fraction of a second."""
    require_machine()
    if not (names := missing()):
        return
    print(f"installing {' '.join(names)}", flush=True)
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with _services_stay_off():
        run(["apt-get", "update", "-qq"], env=env)
        run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *names], env=env)
