"""Who may approve, as settings say it: known by users and keys, and nobody by those of another."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from auditor.approvers import name_of_key, name_of_user
from auditor.settings import Settings, load_settings
from auditor.signing.keys import ed25519_key
from tools.errors import UsageError

RAW = [base64.b64encode(bytes([number]) * 32).decode() for number in range(3)]
"""Three Ed25519 keys, as base64."""


def settings(folder: Path, text: str) -> Settings:
    file = folder / "auditor.toml"
    file.write_text(text)
    return load_settings(str(file))


def test_a_persons_users_and_keys_are_one_name(tmp_path: Path) -> None:
    found = settings(
        tmp_path,
        f"""
        [[approvers]]
        name = "alice"
        users = ["alice@example.com", "oidc:alice"]
        keys = ["{RAW[0]}", "{RAW[1]}"]
        """,
    ).approvers
    assert name_of_user(found, "oidc:alice") == name_of_user(found, "alice@example.com") == "alice"
    assert name_of_key(found, ed25519_key(b"\x01" * 32)) == "alice"
    assert name_of_key(found, ed25519_key(b"\x02" * 32)) == ""
    assert name_of_user(found, "alice") == "", "where approvers are named, a user is nobody's by its name alone"


def test_where_no_approver_is_named_a_user_stands_for_itself() -> None:
    assert name_of_user([], "alice@example.com") == "alice@example.com"


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        ('name = "a"\nusers = ["u"]', 'name = "b"\nusers = ["v", "u"]', "user u"),
        ('name = "a"\nusers = ["u"]', 'name = "a"\nusers = ["v"]', "name a"),
        (f'name = "a"\nkeys = ["{RAW[0]}"]', f'name = "b"\nkeys = ["{RAW[0]}"]', "key SHA256:"),
    ],
)
def test_what_two_share_would_let_one_count_as_two(tmp_path: Path, first: str, second: str, shared: str) -> None:
    with pytest.raises(UsageError, match=shared):
        settings(tmp_path, f"[[approvers]]\n{first}\n[[approvers]]\n{second}\n")


def test_a_key_shared_in_another_form_is_found_too(tmp_path: Path) -> None:
    line = "ssh-ed25519 " + base64.b64encode(ed25519_key(b"\x00" * 32).blob).decode() + " somebody"
    text = f'[[approvers]]\nname = "a"\nkeys = ["{RAW[0]}"]\n[[approvers]]\nname = "b"\nkeys = ["{line}"]\n'
    with pytest.raises(UsageError, match="key SHA256:"):
        settings(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('name = "a"', "users or keys"),
        ('name = " "\nusers = ["u"]', r"approvers\[0\].name"),
        ('name = "a"\nusers = [""]', r"approvers\[0\].users\[0\]"),
        ('name = "a"\nkeys = ["ssh-ed25519 x"]', "key 1"),
        ('name = "a"\nkeys = ["-----BEGIN OPENSSH PRIVATE KEY-----"]', "private key"),
        ('name = "a"\nusers = ["u"]\nkey = "x"', r"approvers\[0\].key"),
    ],
)
def test_bad_approvers_are_refused_with_their_place(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        settings(tmp_path, f"[[approvers]]\n{text}\n")
