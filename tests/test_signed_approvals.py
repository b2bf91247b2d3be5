"""An approval that is given on another machine: `auditor approve --plan --sign` there, `--signature` here."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from auditor import gate
from auditor.settings import Settings, load_settings
from auditor.store.store import Store
from tests.planned import planned
from tests.running import Said, auditor
from tools.model.plan import Plan, short_code

POLICY = '[[policy.rules]]\nmode = "one-approver"\n' if "policy" in Settings.model_fields else ""
pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="keys are made by ssh-keygen")


class Desk:
    """Two homes: here, with the store and the settings; and there, where the approver's key is."""

    def __init__(self, folder: Path) -> None:
        self.here, self.there = folder / "here", folder / "there"
        (self.here / "store").mkdir(parents=True)
        self.there.mkdir()
        self.store = Store(str(self.here / "store" / "store.db"))
        self.plan = planned(self.store)
        self.key = self.make_key("alice")
        public = self.key.with_suffix(".pub").read_text().strip()
        (self.here / "auditor.toml").write_text(f'{POLICY}[[approvers]]\nname = "alice"\nkeys = ["{public}"]\n')
        self.carry(self.plan)

    def carry(self, plan: Plan) -> None:
        (self.there / "plan.json").write_bytes(msgspec.json.encode(plan))

    def make_key(self, name: str, passphrase: str = "") -> Path:
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f", str(self.there / name)]
        subprocess.run(words, check=True)
        return self.there / name

    def sign(self, *more: str | Path) -> Said:
        words = ("--plan", "plan.json", "--as", "alice", "--code", short_code(self.plan))
        return auditor(self.there, "approve", *words, *more)

    def hand_in(self, file: str = "approval.json") -> Said:
        return auditor(self.here, "approve", self.plan.run, "--signature", self.there / file)

    def refused(self) -> list[str]:
        return [code for _, code, _ in self.store.runs.refusals(self.plan.run)]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.store.database.connection.close()


def test_signed_there_and_handed_in_here(desk: Desk) -> None:
    said = desk.sign("--sign", desk.key, "-o", "approval.json", "--minutes", "5")
    assert said.code == 0, said
    assert desk.plan.id in said.out, "the plan was not shown"
    assert not (desk.there / "store").exists(), "there is no store there, and none was made"
    assert desk.hand_in().code == 0
    settings = load_settings(str(desk.here / "auditor.toml"))
    (approval,) = gate.authorize(desk.plan, (), settings, desk.store, needed=gate.ONE)
    assert (approval.approver, approval.how.split()[0]) == ("alice", "ssh-ed25519")
    again = desk.hand_in()
    assert again.code == 1
    assert desk.refused() == ["replayed"]


def test_without_an_output_the_approval_alone_is_on_standard_output(desk: Desk) -> None:
    said = desk.sign("--sign", desk.key)
    (desk.there / "approval.json").write_text(said.out)
    assert desk.hand_in().code == 0
    assert desk.plan.id in said.err


def test_ssh_keygen_signs_the_statement(desk: Desk) -> None:
    said = desk.sign("--statement-out", "yes.json")
    assert said.code == 0, said
    command = next(row for row in said.out.splitlines() if "ssh-keygen" in row).partition("next: ")[2]
    subprocess.run(command.replace("KEY", str(desk.key)).split(), cwd=desk.there, check=True, capture_output=True)
    assert desk.hand_in("yes.json.sig").code == 0


def test_a_pem_key_signs_too(desk: Desk) -> None:
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", desk.there / "k.pem"], check=True)
    done = subprocess.run(
        ["openssl", "pkey", "-in", desk.there / "k.pem", "-pubout"], check=True, capture_output=True, text=True
    )
    (desk.here / "auditor.toml").write_text(f'{POLICY}[[approvers]]\nname = "alice"\nkeys = ["""{done.stdout}"""]\n')
    assert desk.sign("--sign", "k.pem", "-o", "approval.json").code == 0
    assert desk.hand_in().code == 0


def test_a_key_of_nobodys_is_refused_and_recorded(desk: Desk) -> None:
    assert desk.sign("--sign", desk.make_key("mallory"), "-o", "approval.json").code == 0
    said = desk.hand_in()
    assert (said.code, desk.refused()) == (1, ["approver-left"])
    assert "Traceback" not in said.err


def test_an_edited_plan_is_not_signed(desk: Desk) -> None:
    desk.carry(msgspec.structs.replace(desk.plan, why="it is harmless"))
    said = desk.sign("--sign", desk.key, "-o", "approval.json")
    assert (said.code, "edited" in said.err) == (1, True)
    assert not (desk.there / "approval.json").exists()


def test_a_recordings_plan_is_not_signed(desk: Desk) -> None:
    desk.plan = planned(desk.store, recorded=True)
    desk.carry(desk.plan)
    assert desk.sign("--sign", desk.key).code == 1


def test_what_show_prints_is_a_plan_too(desk: Desk) -> None:
    (desk.there / "plan.json").write_text(auditor(desk.here, "show", desk.plan.run, "--json").out)
    assert desk.sign("--sign", desk.key, "-o", "approval.json").code == 0


def test_another_plans_code_signs_nothing(desk: Desk) -> None:
    said = desk.sign("--sign", desk.key, "-o", "approval.json", "--code", "0" * 8)
    assert (said.code, (desk.there / "approval.json").exists()) == (1, False)


def test_a_passphrase_needs_a_terminal(desk: Desk) -> None:
    said = desk.sign("--sign", desk.make_key("locked", "secret"))
    assert said.code == 2
    assert "no terminal" in said.err
    assert "ssh-keygen -Y sign" in said.err


@pytest.mark.parametrize("form", ["OpenSSH", "PEM"])
def test_the_passphrase_is_asked_for(
    desk: Desk, form: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from auditor.signing import private
    from tools.errors import UsageError

    if form == "OpenSSH":
        key = desk.make_key("locked", "secret")
    else:
        key = desk.there / "locked.pem"
        words = ["openssl", "genpkey", "-algorithm", "ed25519", "-aes256", "-pass", "pass:secret", "-out", str(key)]
        subprocess.run(words, check=True)
    for typed, good in ((b"secret", True), (b"other", False)):
        monkeypatch.setattr(private, "_passphrase", lambda _, typed=typed: typed)
        if good:
            assert private.load_private(str(key))
        else:
            with pytest.raises(UsageError, match="can't be used"):
                private.load_private(str(key))


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--plan", "plan.json", "--as", "alice"),
        ("--plan", "plan.json", "--sign", "alice"),
        ("--plan", "none.json", "--sign", "alice", "--as", "alice"),
        ("--plan", "alice", "--sign", "alice", "--as", "alice"),
        ("--plan", "plan.json", "--sign", "alice", "--as", "alice"),
        ("--plan", "plan.json", "--sign", "alice", "--as", "alice", "--statement-out", "x"),
        ("--plan", "plan.json", "--signature", "x"),
        ("r-1", "--sign", "alice"),
        ("r-1", "--plan", "plan.json"),
        ("r-1", "--signature", "x"),
    ],
)
def test_words_that_do_not_go_together(desk: Desk, words: tuple[str, ...]) -> None:
    """One line each of what, why and what to do; the one that lacks a code finds no terminal to ask on."""
    said = auditor(desk.there, "approve", *words)
    assert said.code == 2, said
    assert "   error: " in said.err, said
    assert "Traceback" not in said.err


@pytest.mark.parametrize("key", ["alice.pub", "plan.json", "none", "/dev/null"])
def test_what_is_no_private_key(desk: Desk, key: str) -> None:
    said = desk.sign("--sign", key)
    assert (said.code, said.err.count("\n") <= 30) == (2, True), said
    assert "   error: " in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"\xff", b"-----BEGIN SSH SIGNATURE-----\n", b'{"statement":"","signature":""}']
)
def test_what_is_no_approval(desk: Desk, data: bytes) -> None:
    (desk.there / "x.sig").write_bytes(data)
    (desk.there / "x").write_bytes(data)
    said = desk.hand_in("x.sig")
    assert (said.code, desk.refused()) == (1, ["bad-signature"]), said
