"""Signed statements: DSSE envelopes (v1) with an in-toto statement, verified with keys that somebody declared.

Nothing of a payload is believed before a signature over it is verified, and of an envelope that is none only that is
known. ECDSA (P-256, P-384, P-521), Ed25519 and RSA (PKCS #1 v1.5 and PSS with SHA-256, of 2048 bits and more).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Any

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tools.collect.aws.wire.said import Envelope
from tools.collect.trust import TrustedKey

STATEMENT = "application/vnd.in-toto+json"
"""The payload type of an in-toto statement."""
TYPES = ("https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1")
_CURVES: dict[str, hashes.HashAlgorithm] = {
    "secp256r1": hashes.SHA256(),
    "secp384r1": hashes.SHA384(),
    "secp521r1": hashes.SHA512(),
}
_SMALLEST_RSA = 2048

PublicKey = ec.EllipticCurvePublicKey | Ed25519PublicKey | rsa.RSAPublicKey


class BadKey(ValueError):
    """A declared key that can't be read, or is of a kind that proves nothing here."""


class BadEnvelope(ValueError):
    """An envelope whose payload is none, or is no statement."""


class Subject(msgspec.Struct, frozen=True, gc=False):
    """`subject[]`: what a statement is about, by name and digests."""

    name: str = ""
    digest: dict[str, str] = {}


class Statement(msgspec.Struct, frozen=True, rename="camel"):
    """An in-toto statement: `predicate` is as its type says."""

    type_: str = msgspec.field(name="_type")
    predicate_type: str
    subject: list[Subject] = []
    predicate: dict[str, Any] = {}


def pae(payload_type: str, payload: bytes) -> bytes:
    """What is signed: DSSE's pre-authentication encoding of the type and the payload."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def verify(envelope: Envelope, keys: Iterable[TrustedKey]) -> tuple[str, ...]:
    """The names of those whose key verifies a signature of the envelope, sorted; none where no key does. Raises
    `BadKey` and, for what is no base64, `BadEnvelope`."""
    signed = pae(envelope.payload_type, decoded(envelope.payload))
    made = [decoded(one.sig) for one in envelope.signatures]
    return tuple(sorted({key.name for key in keys if any(_fits(public_key(key), one, signed) for one in made)}))


def statement(envelope: Envelope) -> Statement:
    """The statement in an envelope. Raises `BadEnvelope` where it is none."""
    if envelope.payload_type != STATEMENT:
        raise BadEnvelope(f"its payload is {envelope.payload_type!r} and no in-toto statement")
    try:
        found = msgspec.json.decode(decoded(envelope.payload), type=Statement)
    except msgspec.MsgspecError as error:
        raise BadEnvelope(f"its payload is no in-toto statement: {error}") from error
    if found.type_ not in TYPES:
        raise BadEnvelope(f"its statement is {found.type_!r}, a type that is not known")
    return found


def decoded(text: str) -> bytes:
    """Base64 in its standard or its URL-safe alphabet, as DSSE lets an envelope have it. Raises `BadEnvelope`."""
    try:
        return base64.b64decode(text.translate(_URL_SAFE), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadEnvelope(f"not base64: {error}") from error


_URL_SAFE = str.maketrans("-_", "+/")


def public_key(key: TrustedKey) -> PublicKey:
    """A declared key, read. Raises `BadKey`."""
    data = key.pem.encode()
    try:
        if b"BEGIN CERTIFICATE" in data:
            found: Any = x509.load_pem_x509_certificate(data).public_key()
        else:
            found = load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadKey(f"the key of {key.name} can't be read: {error}") from error
    if isinstance(found, Ed25519PublicKey):
        return found
    if isinstance(found, ec.EllipticCurvePublicKey) and found.curve.name in _CURVES:
        return found
    if isinstance(found, rsa.RSAPublicKey) and found.key_size >= _SMALLEST_RSA:
        return found
    raise BadKey(f"the key of {key.name} is of a kind that is not accepted")


def _fits(key: PublicKey, signature: bytes, signed: bytes) -> bool:
    if isinstance(key, rsa.RSAPublicKey):
        return _fits_rsa(key, signature, signed)
    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(signature, signed)
        else:
            key.verify(signature, signed, ec.ECDSA(_CURVES[key.curve.name]))
    except InvalidSignature:
        return False
    return True


def _fits_rsa(key: rsa.RSAPublicKey, signature: bytes, signed: bytes) -> bool:
    sha256 = hashes.SHA256()
    for scheme in (padding.PKCS1v15(), padding.PSS(padding.MGF1(sha256), padding.PSS.AUTO)):
        try:
            key.verify(signature, signed, scheme, sha256)
        except InvalidSignature:
            continue
        return True
    return False
