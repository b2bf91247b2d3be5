"""Signed statements: what verifies, and everything that must not."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from tools.collect.aws.mapping.envelopes import (
    BadEnvelope,
    BadKey,
    pae,
    public_key,
    statement,
    verify,
)
from tools.collect.aws.wire.said import Envelope, EnvelopeSignature
from tools.collect.trust import TrustedKey

IN_TOTO = "application/vnd.in-toto+json"
AMI = "ami-0123456789abcdef0"
SHA256 = hashes.SHA256()
Signer = Callable[[bytes], bytes]


def trusted(key: Any, name: str = "release") -> TrustedKey:
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return TrustedKey(name, pem.decode())


P256, P384 = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())
ED25519 = ed25519.Ed25519PrivateKey.generate()
RSA = rsa.generate_private_key(65537, 2048)
SIGNERS: dict[str, tuple[Any, Signer]] = {
    "P-256": (P256, lambda data: P256.sign(data, ec.ECDSA(SHA256))),
    "P-384": (P384, lambda data: P384.sign(data, ec.ECDSA(hashes.SHA384()))),
    "Ed25519": (ED25519, ED25519.sign),
    "RSA": (RSA, lambda data: RSA.sign(data, padding.PKCS1v15(), SHA256)),
    "RSA-PSS": (RSA, lambda data: RSA.sign(data, padding.PSS(padding.MGF1(SHA256), 32), SHA256)),
}


def said(name: str = AMI, **more: Any) -> dict[str, Any]:
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": name, "digest": {}}],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {},
        **more,
    }


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def envelope(body: Any, *signers: Signer, kind: str = IN_TOTO) -> Envelope:
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    signatures = [EnvelopeSignature(b64(sign(pae(kind, payload))), "any") for sign in signers]
    return Envelope(payload=b64(payload), payload_type=kind, signatures=signatures)


def test_what_is_signed_is_as_the_specification_shows() -> None:
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


@pytest.mark.parametrize("kind", SIGNERS)
def test_the_right_key_verifies(kind: str) -> None:
    key, sign = SIGNERS[kind]
    assert verify(envelope(said(), sign), [trusted(key)]) == ("release",)


@pytest.mark.parametrize(
    ("kind", "other"), [(a, b) for a in SIGNERS for b in SIGNERS if SIGNERS[a][0] is not SIGNERS[b][0]]
)
def test_another_key_does_not(kind: str, other: str) -> None:
    assert verify(envelope(said(), SIGNERS[kind][1]), [trusted(SIGNERS[other][0])]) == ()


@pytest.mark.parametrize("kind", SIGNERS)
def test_an_edited_payload_does_not(kind: str) -> None:
    key, sign = SIGNERS[kind]
    good = envelope(said(), sign)
    payload = b64(json.dumps(said("ami-0fedcba9876543210")).encode())
    assert verify(Envelope(payload, good.payload_type, good.signatures), [trusted(key)]) == ()


def test_an_edited_type_does_not() -> None:
    good = envelope(said(), SIGNERS["P-256"][1])
    assert verify(Envelope(good.payload, "text/plain", good.signatures), [trusted(P256)]) == ()


def test_a_signature_over_the_payload_alone_does_not() -> None:
    payload = json.dumps(said()).encode()
    signature = EnvelopeSignature(b64(ED25519.sign(payload)))
    assert verify(Envelope(b64(payload), IN_TOTO, [signature]), [trusted(ED25519)]) == ()


def test_nothing_verifies_without_signatures_or_keys() -> None:
    assert verify(envelope(said()), [trusted(P256)]) == ()
    assert verify(envelope(said(), SIGNERS["P-256"][1]), []) == ()


def test_all_who_signed_are_named_and_no_other() -> None:
    both = envelope(said(), SIGNERS["P-256"][1], SIGNERS["Ed25519"][1])
    keys = [trusted(P256, "b"), trusted(ED25519, "a"), trusted(RSA, "c")]
    assert verify(both, keys) == ("a", "b")
    assert verify(envelope(said(), lambda _: b"x" * 64, SIGNERS["Ed25519"][1]), keys) == ("a",)


def test_the_key_id_is_no_proof() -> None:
    claimed = envelope(said(), SIGNERS["P-256"][1])
    assert claimed.signatures[0].keyid == "any"
    assert verify(claimed, [trusted(RSA, "any")]) == ()


def test_both_alphabets_of_base64_are_read() -> None:
    payload = json.dumps(said(note="~~~???>>>")).encode()
    url_safe = base64.urlsafe_b64encode(payload).decode()
    assert "-" in url_safe or "_" in url_safe
    signature = EnvelopeSignature(base64.urlsafe_b64encode(ED25519.sign(pae(IN_TOTO, payload))).decode())
    assert verify(Envelope(url_safe, IN_TOTO, [signature]), [trusted(ED25519)]) == ("release",)


def test_a_certificate_is_taken_for_its_key() -> None:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "release")])
    now = datetime(2026, 11, 10, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, P256.public_key(), 1, now, now + timedelta(days=1))
    pem = builder.sign(P256, SHA256).public_bytes(Encoding.PEM).decode()
    assert verify(envelope(said(), SIGNERS["P-256"][1]), [TrustedKey("certified", pem)]) == ("certified",)


WEAK = {
    "no PEM": "release",
    "no key": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
    "a short RSA key": trusted(rsa.generate_private_key(65537, 1024)).pem,
    "another curve": trusted(ec.generate_private_key(ec.SECP256K1())).pem,
}


@pytest.mark.parametrize("kind", WEAK)
def test_a_key_that_proves_nothing_is_refused_by_name(kind: str) -> None:
    with pytest.raises(BadKey, match="the key of release"):
        public_key(TrustedKey("release", WEAK[kind]))


BAD: dict[str, Envelope] = {
    "another type of payload": envelope(said(), kind="application/json"),
    "no JSON": envelope(b"{"),
    "no statement": envelope({"subject": []}),
    "another type of statement": envelope(said(_type="https://in-toto.io/Statement/v9")),
    "no base64": Envelope("!", IN_TOTO),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_statement_is_refused(kind: str) -> None:
    with pytest.raises(BadEnvelope):
        statement(BAD[kind])


def test_a_statement_is_read() -> None:
    found = statement(envelope(said()))
    assert found.subject[0].name == AMI
    assert found.predicate_type == "https://slsa.dev/provenance/v1"
