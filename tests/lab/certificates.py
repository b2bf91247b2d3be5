"""The lab's own certificate authority and the certificates it signs: API server, kubelets, kubelet client.

Made with the openssl command, elliptic curves for speed. The service account key is RSA, so that a token can
be signed with `openssl dgst` alone.
"""

from __future__ import annotations

from pathlib import Path

from tests.lab import settings
from tests.lab.basics import run, write

CA = settings.PKI / "ca.crt"
CA_KEY = settings.PKI / "ca.key"
SERVICE_ACCOUNT_KEY = settings.PKI / "sa.key"
_CONFIG = settings.PKI / "openssl.cnf"
_DAYS = "365"


def certificate(name: str) -> tuple[Path, Path]:
    """The paths of a certificate and of its key."""
    return settings.PKI / f"{name}.crt", settings.PKI / f"{name}.key"


def _self_signed_authority() -> None:
    _request(
        CA, CA_KEY, "/CN=auditor-lab-ca",
        "basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign",
        "subjectKeyIdentifier=hash",
    )  # fmt: skip


def _issue(name: str, subject: str, usage: str, names: str = "") -> None:
    """A certificate signed by the authority; `names` is a subjectAltName as openssl writes it."""
    extensions = ["basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature",
                  f"extendedKeyUsage={usage}", "authorityKeyIdentifier=keyid"]  # fmt: skip
    if names:
        extensions.append(f"subjectAltName={names}")
    _request(*certificate(name), subject, *extensions, signer=["-CA", CA, "-CAkey", CA_KEY])


def _request(path: Path, key: Path, subject: str, *extensions: str, signer: list[str | Path] | None = None) -> None:
    if path.exists() and key.exists():
        return
    argv: list[str | Path] = ["openssl", "req", "-x509", "-config", _CONFIG, "-newkey", "ec", "-nodes"]
    argv += ["-pkeyopt", "ec_paramgen_curve:P-256", "-days", _DAYS, "-subj", subject, "-keyout", key]
    for extension in extensions:
        argv += ["-addext", extension]
    part = path.with_name(path.name + ".part")
    run([*argv, *(signer or []), "-out", part])
    key.chmod(0o600)
    part.rename(path)


def make() -> None:
    """Make what is not there yet."""
    settings.PKI.mkdir(parents=True, exist_ok=True)
    settings.PKI.chmod(0o700)
    write(_CONFIG, "[req]\ndistinguished_name = name\n[name]\n")  # the system's own would add extensions
    _self_signed_authority()
    _issue("apiserver", "/CN=kube-apiserver", "serverAuth", f"IP:{settings.LOOPBACK},DNS:localhost")
    _issue("kubelet-client", "/CN=kube-apiserver-kubelet-client", "clientAuth")
    for name in settings.NODES:
        _issue(f"kubelet-{name}", f"/O=system:nodes/CN=system:node:{name}", "serverAuth", f"DNS:{name}")
    if not SERVICE_ACCOUNT_KEY.exists():
        part = SERVICE_ACCOUNT_KEY.with_suffix(".part")
        run(["openssl", "genrsa", "-out", part, "2048"])
        part.chmod(0o600)
        part.rename(SERVICE_ACCOUNT_KEY)
