"""The installation's key: an Ed25519 key beside the store, its owner's alone, made when the ledger is begun."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.signing.keys import PublicKey, ed25519_key
from tools.errors import AuditorError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def key_file(store: Path) -> Path:
    """Where the key of a store is."""
    return store.with_suffix(store.suffix + ".key")


def make_key(file: Path) -> Ed25519PrivateKey:
    """Make a key, and write it for its owner alone. One that is there already is used, never overwritten."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    made = Ed25519PrivateKey.generate()
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return load_key(file)
    except OSError as error:
        raise AuditorError(
            f"the ledger's key {file} can't be written", str(error), "make its folder writable"
        ) from error
    with os.fdopen(handle, "wb") as out:
        out.write(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        out.flush()
        os.fsync(out.fileno())
    return made


def load_key(file: Path) -> Ed25519PrivateKey:
    """The key of a ledger that was begun. Raises `AuditorError` where it is not there, not a key, or not its owner's
    alone."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        status = file.stat()
        data = file.read_bytes()
    except OSError as error:
        raise AuditorError(
            f"the ledger's key {file} can't be read",
            error.strerror or str(error),
            "put it back from a copy: nothing is recorded that can't be signed; a new store begins a new ledger",
        ) from error
    if status.st_uid != os.geteuid() or status.st_mode & 0o077:
        raise AuditorError(
            f"the ledger's key {file} is not yours alone",
            f"owner {status.st_uid}, mode {status.st_mode & 0o777:o}: others could sign entries with it",
            f"chown it to yourself and chmod 600 {file}",
        )
    try:
        found = load_pem_private_key(data, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise AuditorError(f"the ledger's key {file} is damaged", str(error), "put it back from a copy") from error
    if not isinstance(found, Ed25519PrivateKey):
        raise AuditorError(f"the ledger's key {file} is no Ed25519 key", mend="put it back from a copy")
    return found


def public_of(key: Ed25519PrivateKey) -> PublicKey:
    """The public half, in SSH's form."""
    return ed25519_key(key.public_key().public_bytes_raw())


def line_of(key: PublicKey) -> str:
    """A public key as an OpenSSH line."""
    import base64

    return f"{key.kind} {base64.b64encode(key.blob).decode()}"
