"""Signatures of approvals: what `ssh-keygen` makes is taken here, what is made here `ssh-keygen` takes, and neither
takes anything that was touched."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key
from hypothesis import given
from hypothesis import strategies as st

from auditor.signing import sshsig
from auditor.signing.keys import PublicKey, parse_key
from auditor.signing.wire import Malformed, Reader, mpint, string

NAMESPACE = "auditor-approval@v1"
MESSAGE = b'{"plan":"p-1"}'
TYPES = {"ed25519": [], "ecdsa": ["-b", "256"], "ecdsa-384": ["-b", "384"], "ecdsa-521": ["-b", "521"], "rsa": []}

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="the oracle, ssh-keygen, is not here")


@pytest.fixture(scope="module", params=TYPES)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private key file of ssh-keygen's, its public one beside it."""
    file = tmp_path_factory.mktemp("keys") / "key"
    kind = request.param.partition("-")[0]
    keygen("-q", "-t", kind, *TYPES[request.param], "-N", "", "-C", "alice", "-f", file)
    return file


def keygen(*words: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["ssh-keygen", *map(str, words)], input=stdin, capture_output=True, check=False)


def public(file: Path) -> PublicKey:
    return parse_key(file.with_name("key.pub").read_text())


def oracle(folder: Path, line: str, signature: str, message: bytes = MESSAGE, namespace: str = NAMESPACE) -> bool:
    """Whether `ssh-keygen -Y verify` takes a signature of alice's."""
    (folder / "allowed").write_text(f"alice {line}\n")
    (folder / "made.sig").write_text(signature)
    words = ("-Y", "verify", "-f", folder / "allowed", "-I", "alice", "-n", namespace, "-s", folder / "made.sig")
    return keygen(*words, stdin=message).returncode == 0


def made_by_ssh_keygen(file: Path, folder: Path, *options: str, namespace: str = NAMESPACE) -> str:
    statement = folder / "statement"
    statement.write_bytes(MESSAGE)
    (folder / "statement.sig").unlink(missing_ok=True)
    done = keygen("-Y", "sign", "-n", namespace, "-f", file, *options, statement)
    assert done.returncode == 0, done.stderr
    return (folder / "statement.sig").read_text()


def verified(text: str, key: PublicKey, message: bytes = MESSAGE, namespace: str = NAMESPACE) -> bool:
    return sshsig.verify(sshsig.read(text), key, namespace, message)


def test_the_fingerprint_is_ssh_keygens(pair: Path) -> None:
    assert public(pair).fingerprint in keygen("-l", "-f", pair).stdout.decode()


@pytest.mark.parametrize("hashing", ["sha512", "sha256"])
def test_what_ssh_keygen_signs_is_taken(pair: Path, tmp_path: Path, hashing: str) -> None:
    text = made_by_ssh_keygen(pair, tmp_path, "-O", f"hashalg={hashing}")
    assert verified(text, public(pair))
    assert not verified(text, public(pair), MESSAGE + b" ")
    assert not verified(text, public(pair), namespace="git")


def test_what_is_signed_here_ssh_keygen_takes(pair: Path, tmp_path: Path) -> None:
    private = load_ssh_private_key(pair.read_bytes(), None)
    text, line = sshsig.sign(private, NAMESPACE, MESSAGE), pair.with_name("key.pub").read_text()
    assert oracle(tmp_path, line, text)
    assert not oracle(tmp_path, line, text, MESSAGE + b" ")
    assert not oracle(tmp_path, line, text, namespace="git")
    assert verified(text, public(pair))


def test_another_namespace_of_ssh_keygens_is_not_taken(pair: Path, tmp_path: Path) -> None:
    assert not verified(made_by_ssh_keygen(pair, tmp_path, namespace="git"), public(pair))


def test_another_key_is_not_taken(pair: Path) -> None:
    other = ed25519.Ed25519PrivateKey.generate()
    text = sshsig.sign(other, NAMESPACE, MESSAGE)
    assert verified(text, sshsig.public_of(other))
    assert not verified(text, public(pair))


@given(st.data())
def test_no_flipped_bit_of_a_signature_is_taken(data: st.DataObject) -> None:
    blob = bytearray(base64.b64decode("".join(SIGNED.split("\n")[1:-2])))
    at = data.draw(st.integers(0, len(blob) - 1))
    blob[at] ^= 1 << data.draw(st.integers(0, 7))
    assert not taken(sshsig.armor(bytes(blob)))


@given(st.data())
def test_no_changed_text_of_a_signature_is_taken(data: st.DataObject) -> None:
    """Not even spaces: a signature is written in one way."""
    text = SIGNED.strip()
    at, letter = data.draw(st.integers(0, len(text) - 1)), data.draw(st.characters())
    changed = text[:at] + letter + text[at + 1 :]
    assert changed.strip() == text or not taken(changed)


@pytest.mark.parametrize("text", ["", "x", "-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n", "é"])
def test_what_is_no_signature(text: str) -> None:
    with pytest.raises(Malformed):
        sshsig.read(text)


def test_the_hash_algorithm_can_not_be_exchanged() -> None:
    """Its name is signed too, and so are its bytes' lengths: the same body under the other name is nothing."""
    signature = sshsig.read(SIGNED)
    swapped = sshsig.Signature(signature.key, signature.namespace, "sha256", signature.body)
    assert sshsig.verify(signature, signature.key, NAMESPACE, MESSAGE)
    assert not sshsig.verify(swapped, signature.key, NAMESPACE, MESSAGE)
    unknown = sshsig.Signature(signature.key, signature.namespace, "md5", signature.body)
    assert not sshsig.verify(unknown, signature.key, NAMESPACE, MESSAGE)


@pytest.mark.parametrize("touched", [True, False])
def test_a_hardware_key_signs_where_it_was_touched(touched: bool, tmp_path: Path) -> None:
    """The hardware is done here in software, as OpenSSH's PROTOCOL.u2f says; ssh-keygen takes it too."""
    private = ed25519.Ed25519PrivateKey.generate()
    raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    kind = b"sk-ssh-ed25519@openssh.com"
    blob = string(kind) + string(raw) + string(b"ssh:")
    rest = bytes([touched]) + (7).to_bytes(4, "big")
    data = b"SSHSIG" + b"".join(map(string, (NAMESPACE.encode(), b"", b"sha512", hashlib.sha512(MESSAGE).digest())))
    made = private.sign(hashlib.sha256(b"ssh:").digest() + rest + hashlib.sha256(data).digest())
    body = string(kind) + string(made) + rest
    parts = (blob, NAMESPACE.encode(), b"", b"sha512", body)
    text = sshsig.armor(b"SSHSIG" + (1).to_bytes(4, "big") + b"".join(map(string, parts)))
    line = f"{kind.decode()} {base64.b64encode(blob).decode()}"
    assert verified(text, parse_key(line)) == touched
    if touched:
        assert oracle(tmp_path, line, text)


def test_short_rsa_keys_and_other_kinds_sign_nothing() -> None:
    with pytest.raises(Malformed, match="1024 bits"):
        sshsig.sign(rsa.generate_private_key(65537, 1024), NAMESPACE, MESSAGE)
    with pytest.raises(Malformed):
        sshsig.sign(ec.generate_private_key(ec.SECP256K1()), NAMESPACE, MESSAGE)


@pytest.mark.parametrize(
    "form", [(Encoding.OpenSSH, PublicFormat.OpenSSH), (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), None]
)
def test_an_ed25519_key_is_the_same_key_in_every_form(form: tuple[Any, Any] | None) -> None:
    private = ed25519.Ed25519PrivateKey.generate()
    whole = private.public_key()
    raw = base64.b64encode(whole.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
    assert parse_key(whole.public_bytes(*form).decode() if form else raw) == sshsig.public_of(private)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("x", "base64"),
        ("AAAA", "neither"),
        ("ssh-ed25519 AAAA", "too early"),
        ("ssh-dss " + base64.b64encode(string(b"ssh-dss")).decode(), "not taken"),
        ("ssh-rsa " + base64.b64encode(string(b"ssh-ed25519") + string(b"k" * 32)).decode(), "is ssh-ed25519"),
        ("ssh-ed25519 " + base64.b64encode(string(b"ssh-ed25519") + string(b"k" * 32) + b"x").decode(), "too many"),
        ("ssh-ed25519 " + base64.b64encode(string(b"ssh-ed25519") + string(b"k" * 31)).decode(), "32 bytes"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA", "private key"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "only Ed25519"),
    ],
)
def test_what_is_no_key_says_why(text: str, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        parse_key(text)


@given(st.integers(min_value=0, max_value=1 << 600))
def test_numbers_are_written_and_read_back(number: int) -> None:
    assert Reader(mpint(number)).mpint() == number


def test_a_number_has_one_form() -> None:
    for data in (b"\x00", b"\x00\x01", b"\x80"):
        with pytest.raises(Malformed, match="shortest"):
            Reader(string(data)).mpint()


_PRIVATE = ed25519.Ed25519PrivateKey.generate()
SIGNED = sshsig.sign(_PRIVATE, NAMESPACE, MESSAGE)


def taken(text: str) -> bool:
    try:
        return verified(text, sshsig.public_of(_PRIVATE))
    except Malformed:
        return False
