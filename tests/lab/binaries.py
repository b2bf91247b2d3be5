"""The Kubernetes binaries, built from the Go modules that kubernetes/go.mod pins; cached by version.

A build is made beside its folder and moved there whole, with a marker that says how it was built. The drifted
kubelet is the same source linked under another version, so that a node truly reports another kubelet.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.lab import settings
from tests.lab.basics import LabError, write

TOOLS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kubectl")
_MARKER = "complete"
_VERSION_PACKAGES = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")  # said, and in user agents


def _linker_flags(version: str) -> str:
    major, minor = version.lstrip("v").split(".")[:2]
    values = {"gitVersion": version, "gitMajor": major, "gitMinor": minor}
    variables = [f"-X {package}.{key}={value}" for package in _VERSION_PACKAGES for key, value in values.items()]
    return " ".join(["-s -w", *variables])


def _go_build(folder: Path, version: str, *targets: str) -> None:
    """Build the targets into the folder, with that version in them."""
    if not shutil.which("go"):
        raise LabError("there is no Go toolchain in PATH: install Go 1.26 or newer (https://go.dev/dl)")
    print(f"building {' '.join(targets)} {version} (the first time takes about ten minutes)", flush=True)
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    argv = ["go", "build", "-trimpath", "-ldflags", _linker_flags(version), "-o", f"{part}/", *targets]
    env = {**os.environ, "GOWORK": "off"}  # a workspace around the checkout must not change what is built
    if subprocess.run(argv, cwd=settings.HERE / "kubernetes", env=env, check=False).returncode:
        raise LabError("go build failed; what it said stands above")
    write(part / _MARKER, _linker_flags(version))
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)


def _complete(folder: Path, version: str, names: tuple[str, ...]) -> bool:
    """Whether the folder holds these binaries, built as they would be now."""
    marker = folder / _MARKER
    whole = marker.exists() and all((folder / name).exists() for name in names)
    return whole and marker.read_text() == _linker_flags(version)


def _normal_is_built() -> bool:
    return _complete(settings.BINARIES, settings.KUBERNETES_VERSION, TOOLS)


def _drifted_is_built() -> bool:
    return _complete(settings.DRIFTED_BINARIES, settings.DRIFTED_VERSION, ("kubelet",))


def is_built() -> bool:
    """Whether both sets of binaries are there and whole."""
    return _normal_is_built() and _drifted_is_built()


def require() -> None:
    """Raise LabError unless the binaries are there."""
    if not is_built():
        raise LabError("the lab has not been made: python -m tests.lab build")


def build() -> None:
    """Build what is not there yet."""
    if not _normal_is_built():
        _go_build(settings.BINARIES, settings.KUBERNETES_VERSION, "tool")
    if not _drifted_is_built():
        _go_build(settings.DRIFTED_BINARIES, settings.DRIFTED_VERSION, "k8s.io/kubernetes/cmd/kubelet")
