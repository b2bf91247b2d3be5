"""The loopback registry, and the lab's images in it.

`images/` is the build context: one entry script holds the behaviour of every version, so a Deployment needs
no command of its own. Timestamps are fixed, so the digests stay the same as long as the content does.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import urllib.request
from pathlib import Path

from tests.lab import control_plane, processes, settings
from tests.lab.basics import run, wait, write

IMAGES = settings.STATE / "images.json"  # {"app:v1": "sha256:…"}
NAMES = ("pause:lab", "app:v1", "app:v2", "app:v3")
_BUSYBOX = Path("/bin/busybox")
_APPLETS = ("sh", "sleep", "mkdir", "httpd", "cat", "ls", "tar")  # tar: kubectl cp runs it
_MANIFESTS = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
_SOURCE = settings.STATE / "images.source"  # the hash of what they were built from


def start() -> None:
    config = {
        "version": "0.1",
        "log": {"level": "warn"},
        "storage": {"filesystem": {"rootdirectory": str(settings.STATE / "registry")}},
        "http": {"addr": settings.REGISTRY},
    }
    path = settings.STATE / "registry.yml"
    write(path, json.dumps(config, indent=1))
    processes.start("registry", ["docker-registry", "serve", path])


def digests() -> dict[str, str]:
    """Each image's manifest digest, by name and tag; empty before they are built."""
    found: dict[str, str] = json.loads(IMAGES.read_text()) if IMAGES.exists() else {}
    return found


def tag(digest: str, name: str) -> None:
    """Let a name and tag such as `app:stable` point to the image of that digest of its repository, as a push would."""
    repository, _, tagged = name.partition(":")
    url = f"http://{settings.REGISTRY}/v2/{repository}/manifests"
    asked = urllib.request.Request(f"{url}/{digest}", headers={"Accept": ", ".join(_MANIFESTS)})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        kind, body = answer.headers["Content-Type"], answer.read()
    put = urllib.request.Request(f"{url}/{tagged}", data=body, method="PUT", headers={"Content-Type": kind})
    with urllib.request.urlopen(put, timeout=10):
        pass


def _source() -> str:
    """The hash of all that goes into the images."""
    files = [_BUSYBOX, *sorted((settings.HERE / "images").iterdir())]
    parts = [path.name.encode() + path.read_bytes() for path in files]
    return hashlib.sha256(b"\0".join([*parts, repr((NAMES, _APPLETS)).encode()])).hexdigest()


def _context(folder: Path) -> None:
    """The build context: the committed files, and busybox under the names of the applets that are used."""
    shutil.copytree(settings.HERE / "images", folder, dirs_exist_ok=True)
    programs = folder / "bin"
    programs.mkdir()
    shutil.copy(_BUSYBOX, programs / "busybox")
    for applet in _APPLETS:
        (programs / applet).symlink_to("busybox")
    write(folder / "policy.json", json.dumps({"default": [{"type": "insecureAcceptAnything"}]}))


def _build(name: str, folder: Path) -> str:
    """Build one image, push it, and return the digest that the registry has it under."""
    buildah = ["buildah", "--root", str(folder / "root"), "--runroot", str(folder / "runroot")]
    buildah += ["--storage-driver", "vfs"]
    policy = ["--signature-policy", str(folder / "context" / "policy.json")]
    reference = f"{settings.REGISTRY}/{name}"
    run([*buildah, "build", "-q", *policy, "--isolation", "chroot", "--timestamp", "0", "--layers=false",
         "--build-arg", f"RELEASE={name}", "-t", reference, folder / "context"])  # fmt: skip
    digest = folder / "digest"
    run([*buildah, "push", "-q", *policy, "--tls-verify=false", "--digestfile", digest, reference])
    return digest.read_text().strip()


def ensure_images() -> None:
    """Wait for the registry, and build and push the images if they have not been."""

    def answered() -> bool:
        processes.require("registry")
        return control_plane.get(f"http://{settings.REGISTRY}/v2/") is not None

    wait("the registry", answered, 20)
    source = _source()
    if set(digests()) == set(NAMES) and _SOURCE.exists() and _SOURCE.read_text() == source:
        return
    with tempfile.TemporaryDirectory(dir=settings.STATE) as folder:
        _context(Path(folder) / "context")
        found = {name: _build(name, Path(folder)) for name in NAMES}
    write(IMAGES, json.dumps(found, indent=1) + "\n")
    write(_SOURCE, source)
