"""Public keys of approvers, as settings name them; all are kept in SSH's form, so that a key has one fingerprint.

Read without a cryptographic library, so that settings load at once: an OpenSSH line, or an Ed25519 key as PEM or as
the base64 of its 32 bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib

import msgspec

from auditor.signing.wire import Malformed, Reader, string

ED25519 = "ssh-ed25519"
SK_ED25519 = "sk-ssh-ed25519@openssh.com"
RSA = "ssh-rsa"
CURVES = {"ecdsa-sha2-nistp256": b"nistp256", "ecdsa-sha2-nistp384": b"nistp384", "ecdsa-sha2-nistp521": b"nistp521"}
LEAST_RSA_BITS = 2048
_SPKI = bytes.fromhex("302a300506032b6570032100")  # what stands before the 32 bytes of an Ed25519 key (RFC 8410)
_PEM = ("-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----")


class PublicKey(msgspec.Struct, frozen=True):
    """A public key: its type as SSH calls it, and its bytes as SSH writes them (RFC 4253, section 6.6)."""

    kind: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """`SHA256:…`, as `ssh-keygen -l` prints it."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")

    def __str__(self) -> str:
        return f"{self.kind} {self.fingerprint}"


def parse_key(text: str) -> PublicKey:
    """A public key out of settings. Raises `Malformed` with what is wrong with it."""
    words = text.split()
    if not words:
        raise Malformed("it is empty")
    if "PRIVATE KEY" in text:
        raise Malformed("this is a private key: name the public one, and keep this one to yourself")
    if text.strip().startswith(_PEM[0]):
        return _ed25519_of_pem(text.strip())
    if len(words) == 1:
        return ed25519_key(_base64(words[0]))
    blob = _base64(words[1])
    key = public_key(blob)
    if key.kind != words[0]:
        raise Malformed(f"it says {words[0]} and is {key.kind}")
    return key


def public_key(blob: bytes) -> PublicKey:
    """A public key out of SSH's bytes: a type that is taken, whole and with nothing behind it. Raises `Malformed`."""
    reader = Reader(blob)
    kind = reader.string().decode("ascii", "replace")
    if kind in (ED25519, SK_ED25519):
        if len(reader.string()) != 32:
            raise Malformed("an Ed25519 key has 32 bytes")
        if kind == SK_ED25519:
            reader.string()  # the application that the hardware key was made for
    elif kind in CURVES:
        if reader.string() != CURVES[kind]:
            raise Malformed("its curve is not its type's")
        reader.string()
    elif kind == RSA:
        reader.mpint()
        bits = reader.mpint().bit_length()
        if bits < LEAST_RSA_BITS:
            raise Malformed(f"an RSA key of {bits} bits is too short: {LEAST_RSA_BITS} at least")
    else:
        taken = ", ".join((ED25519, SK_ED25519, *CURVES, RSA))
        raise Malformed(f"keys of type {kind[:40]!r} are not taken, but {taken}")
    reader.end()
    return PublicKey(kind, blob)


def ed25519_key(raw: bytes) -> PublicKey:
    """An Ed25519 key out of its 32 bytes (RFC 8032). Raises `Malformed`."""
    if len(raw) != 32:
        raise Malformed("neither an OpenSSH line, nor PEM, nor the base64 of the 32 bytes of an Ed25519 key")
    return PublicKey(ED25519, string(ED25519.encode()) + string(raw))


def _ed25519_of_pem(text: str) -> PublicKey:
    if not text.endswith(_PEM[1]):
        raise Malformed("the PEM has no end")
    der = _base64("".join(text[len(_PEM[0]) : -len(_PEM[1])].split()))
    if not der.startswith(_SPKI):
        raise Malformed("of PEM keys only Ed25519 is taken: give others as an OpenSSH line")
    return ed25519_key(der[len(_SPKI) :])


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("it is not base64") from error
