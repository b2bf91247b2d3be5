"""SSH signatures (OpenSSH's PROTOCOL.sshsig), made and verified here; `ssh-keygen -Y sign` and `-Y verify` do the same.

A signature is bound to a namespace and to the hash algorithm that it names: both are part of what is signed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any

import msgspec

from auditor.signing.keys import CURVES, ED25519, RSA, SK_ED25519, PublicKey, public_key
from auditor.signing.wire import Malformed, Reader, mpint, string

MAGIC = b"SSHSIG"
VERSION = 1
HASHES = {"sha512": hashlib.sha512, "sha256": hashlib.sha256}
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_WIDTH = 70
_RSA_HASHES = {"rsa-sha2-512": "SHA512", "rsa-sha2-256": "SHA256"}  # ssh-rsa itself is SHA-1
_CURVE_HASHES = dict(zip(CURVES, ("SHA256", "SHA384", "SHA512"), strict=True))
_PRESENT = 0x01  # a hardware key's flag: somebody touched it


class Signature(msgspec.Struct, frozen=True):
    """What a signature says of itself; nothing of it is to be believed before `verify` has returned."""

    key: PublicKey
    namespace: str
    hash: str
    body: bytes


def read(armored: str) -> Signature:
    """Take a signature apart, in the one form in which it is written. Raises `Malformed`."""
    text = armored.strip()
    if not (text.startswith(_BEGIN) and text.endswith(_END)):
        raise Malformed("it is not an SSH signature")
    try:
        blob = base64.b64decode("".join(text[len(_BEGIN) : -len(_END)].split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("it is not base64") from error
    if armor(blob).strip() != text.replace("\r\n", "\n"):
        raise Malformed("it is not written as ssh-keygen writes it")
    reader = Reader(blob)
    if reader.take(len(MAGIC)) != MAGIC or reader.uint32() != VERSION:
        raise Malformed("it is of another version")
    key, namespace, reserved = public_key(reader.string()), reader.string(), reader.string()
    algorithm, body = reader.string(), reader.string()
    reader.end()
    if reserved:
        raise Malformed("it says more than this version knows")
    return Signature(key, namespace.decode("utf-8", "replace"), algorithm.decode("ascii", "replace"), body)


def armor(blob: bytes) -> str:
    """The text of a signature, in lines."""
    text = base64.b64encode(blob).decode()
    lines = [text[at : at + _WIDTH] for at in range(0, len(text), _WIDTH)]
    return "\n".join((_BEGIN, *lines, _END, ""))


def verify(signature: Signature, key: PublicKey, namespace: str, message: bytes) -> bool:
    """Whether `key` made this signature of `message` in `namespace`."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    if signature.key != key or signature.namespace != namespace or signature.hash not in HASHES:
        return False
    try:
        _check(signature.body, key, _signed(namespace, signature.hash, message))
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):  # a point on no curve is a ValueError
        return False
    return True


def sign(private: Any, namespace: str, message: bytes) -> str:
    """The armored signature of a private key of the `cryptography` package: Ed25519, ECDSA or RSA. Raises
    `Malformed` where its kind is not taken."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

    key, data = public_of(private), _signed(namespace, "sha512", message)
    if isinstance(private, ed25519.Ed25519PrivateKey):
        body = string(ED25519.encode()) + string(private.sign(data))
    elif isinstance(private, rsa.RSAPrivateKey):
        body = string(b"rsa-sha2-512") + string(private.sign(data, padding.PKCS1v15(), hashes.SHA512()))
    else:
        made = private.sign(data, ec.ECDSA(getattr(hashes, _CURVE_HASHES[key.kind])()))
        r, s = utils.decode_dss_signature(made)
        body = string(key.kind.encode()) + string(mpint(r) + mpint(s))
    parts = (key.blob, namespace.encode(), b"", b"sha512", body)
    return armor(MAGIC + VERSION.to_bytes(4, "big") + b"".join(map(string, parts)))


def public_of(private: Any) -> PublicKey:
    """The public key of a private key of the `cryptography` package. Raises `Malformed`."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    try:
        line = private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    except (UnsupportedAlgorithm, ValueError) as error:
        raise Malformed("keys of this kind do not sign approvals") from error
    return public_key(base64.b64decode(line.split()[1]))


def _signed(namespace: str, algorithm: str, message: bytes) -> bytes:
    parts = (namespace.encode(), b"", algorithm.encode(), HASHES[algorithm](message).digest())
    return MAGIC + b"".join(map(string, parts))


def _check(body: bytes, key: PublicKey, data: bytes) -> None:
    """Raise `InvalidSignature` or ValueError where `key` did not sign `data`."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key

    reader = Reader(body)
    kind, made = reader.string().decode("ascii", "replace"), reader.string()
    if key.kind == SK_ED25519:
        data = _touched(reader, key, data)
    reader.end()
    if kind not in (_RSA_HASHES if key.kind == RSA else (key.kind,)):
        raise Malformed(f"a key of type {key.kind} does not sign by {kind[:40]!r}")
    if key.kind in (ED25519, SK_ED25519):
        parts = Reader(key.blob)
        parts.string()
        ed25519.Ed25519PublicKey.from_public_bytes(parts.string()).verify(made, data)
        return
    public = load_ssh_public_key(f"{key.kind} {base64.b64encode(key.blob).decode()}".encode())
    if isinstance(public, rsa.RSAPublicKey):
        public.verify(made, data, padding.PKCS1v15(), getattr(hashes, _RSA_HASHES[kind])())
    elif isinstance(public, ec.EllipticCurvePublicKey):
        numbers = Reader(made)
        encoded = utils.encode_dss_signature(numbers.mpint(), numbers.mpint())
        numbers.end()
        public.verify(encoded, data, ec.ECDSA(getattr(hashes, _CURVE_HASHES[kind])()))
    else:
        raise Malformed(f"keys of type {key.kind} are not taken")


def _touched(reader: Reader, key: PublicKey, data: bytes) -> bytes:
    """What a hardware key signs (OpenSSH's PROTOCOL.u2f): its application, that it was touched, a counter, the data."""
    flags, counter = reader.take(1), reader.take(4)
    if not flags[0] & _PRESENT:
        raise Malformed("nobody touched the hardware key")
    parts = Reader(key.blob)
    parts.string(), parts.string()
    application = parts.string()
    return hashlib.sha256(application).digest() + flags + counter + hashlib.sha256(data).digest()
