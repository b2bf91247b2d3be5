"""Private keys of approvers: read from a file, the passphrase asked for on the terminal, and never kept."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from auditor.signing.statement import NAMESPACE
from tools.errors import UsageError

AGENT = (
    f"--statement-out FILE, then ssh-keygen -Y sign -n {NAMESPACE} -f KEY FILE (an agent or a hardware key signs too)"
)


def load_private(path: str) -> Any:
    """A private key: OpenSSH's own form or PEM. Raises `UsageError` where it can't be used."""
    from cryptography.exceptions import UnsupportedAlgorithm

    file = Path(path).expanduser()
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UsageError(f"the key {file} can't be read", str(error)) from error
    if data.split(b" ", 1)[0].startswith((b"ssh-", b"ecdsa-", b"sk-")):
        raise UsageError(f"{file} is a public key", "a signature needs the private one", AGENT)
    try:
        try:
            return _load(data, None)
        except TypeError:  # it is encrypted, says `cryptography`
            return _load(data, _passphrase(file))
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UsageError(f"the key {file} can't be used", str(error).partition(". See")[0], AGENT) from error


def _load(data: bytes, passphrase: bytes | None) -> Any:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key

    read = load_ssh_private_key if b"BEGIN OPENSSH PRIVATE KEY" in data else load_pem_private_key
    return read(data, passphrase)


def _passphrase(file: Path) -> bytes:
    from getpass import getpass

    if not sys.stdin.isatty():
        raise UsageError(f"the key {file} needs its passphrase", "there is no terminal to ask for it on", AGENT)
    try:
        return getpass(f"passphrase of {file}: ").encode()
    except EOFError as error:
        raise UsageError(f"the key {file} needs its passphrase", "none was given", AGENT) from error
