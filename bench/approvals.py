"""What the gate lets through: forged, replayed, stale and edited approvals, none of which may be; and good ones.

`python -m bench.approvals [COUNT] [SEED]`: each attempt is made on a plan of its own, handed in as its file where it is
one, and then asked of `gate.authorize` as `auditor execute` asks it. The same seed makes the same attempts (keys and
nonces aside).
"""

from __future__ import annotations

import base64
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from auditor import gate
from auditor.approvers import Approver
from auditor.settings import Settings
from auditor.signing import sshsig
from auditor.signing.approval import Signed, read_signed
from auditor.signing.keys import PublicKey
from auditor.signing.statement import NAMESPACE, Statement, encode, state
from auditor.signing.wire import string
from auditor.store.journal import StoreJournal
from auditor.store.store import Store
from tests.planned import planned
from tools.errors import Refused
from tools.execute.journal import FIRST
from tools.model.plan import Approval, Plan, short_code

TWO = gate.Needed("two-approvers", 2)
UNATTENDED = gate.Needed("unattended", 0)
KEYS: dict[str, Any] = {
    "alice": ed25519.Ed25519PrivateKey.generate(),
    "alice's other": ec.generate_private_key(ec.SECP256R1()),
    "bob": ed25519.Ed25519PrivateKey.generate(),
    "mallory": ed25519.Ed25519PrivateKey.generate(),
}


def line(key: PublicKey) -> str:
    """A key as settings have it."""
    return f"{key.kind} {base64.b64encode(key.blob).decode()}"


def named(*names: str) -> list[str]:
    """The public lines of these keys."""
    return [line(sshsig.public_of(KEYS[name])) for name in names]


ALICE = Approver(name="alice", users=["oidc:alice"], keys=named("alice", "alice's other"))
BOB = Approver(name="bob", keys=named("bob"))
CAROL = Approver(name="carol", users=["oidc:carol"])
SETTINGS = Settings(approvers=[ALICE, BOB, CAROL])


@dataclass
class World:
    """One attempt's plan, the store that it is in, and where the attempt's choices come from."""

    store: Store
    rng: random.Random
    plan: Plan = field(init=False)
    settings: Settings = SETTINGS
    needed: gate.Needed = gate.ONE

    def __post_init__(self) -> None:
        self.plan = planned(self.store, proposer="oidc:carol")

    def statement(self, name: str = "alice", minutes: int = 30, shift: int = 0, plan: Plan | None = None) -> Statement:
        """A statement of an approver's, given so many minutes from now."""
        return state(plan or self.plan, name, minutes, datetime.now(UTC) + timedelta(minutes=shift))

    def hand_in(self, message: bytes, signature: str) -> Approval:
        """Hand a signed approval in, as its file."""
        file = msgspec.json.encode(Signed(statement=message.decode("utf-8", "replace"), signature=signature))
        return gate.accept(read_signed(file), self.plan, self.settings.approvers, self.store)

    def good(self, key: str = "alice", **said: Any) -> Approval:
        """A good approval by a key."""
        message = encode(self.statement(**({"name": key.partition("'")[0]} | said)))
        return self.hand_in(message, sshsig.sign(KEYS[key], NAMESPACE, message))

    def by_user(self, user: str) -> Approval:
        """An approval by a user whom the cluster knows."""
        return gate.approve(self.plan, user, short_code(self.plan), 30, self.store)

    def authorize(self, *approvals: str) -> None:
        """Ask the gate, as `auditor execute` does."""
        gate.authorize(self.plan, approvals, self.settings, self.store, needed=self.needed)

    def sql(self, statement: str, *values: object) -> None:
        """Write to the store behind its back."""
        with self.store.database.transaction() as connection:
            connection.execute(statement, values)

    def rewrite(self, approval: Approval, **changes: Any) -> None:
        """Edit an approval's row."""
        data = msgspec.json.encode(msgspec.structs.replace(approval, **changes), order="deterministic")
        self.sql("UPDATE approvals SET data = ? WHERE id = ?", data, approval.id)


def _blob(signature: str) -> bytes:
    return base64.b64decode("".join(signature.split("\n")[1:-2]))


def _flip(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    changed[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def flipped_statement(world: World) -> None:
    """A bit of the statement flipped"""
    message = encode(world.statement())
    world.hand_in(_flip(message, world.rng), sshsig.sign(KEYS["alice"], NAMESPACE, message))


def flipped_signature(world: World) -> None:
    """A bit of the signature flipped"""
    message = encode(world.statement())
    key = world.rng.choice(["alice", "alice's other"])
    world.hand_in(message, sshsig.armor(_flip(_blob(sshsig.sign(KEYS[key], NAMESPACE, message)), world.rng)))


def edited_statement(world: World) -> None:
    """A field of the statement edited"""
    statement = world.statement()
    signature = sshsig.sign(KEYS["alice"], NAMESPACE, encode(statement))
    field_ = world.rng.choice([f for f in Statement.__struct_fields__ if f != "type"])
    edits = {"expires": world.statement(minutes=1000).expires, "given": world.statement(shift=-9).given}
    changed = msgspec.structs.replace(statement, **{field_: edits.get(field_, "bob")})
    world.hand_in(encode(changed), signature)


def other_plan(world: World) -> None:
    """Good for another run's plan"""
    message = encode(world.statement(plan=planned(world.store)))
    world.hand_in(message, sshsig.sign(KEYS["alice"], NAMESPACE, message))


def mixed_plans(world: World) -> None:
    """signed, about this run and another's plan at once"""
    other = world.statement(plan=planned(world.store))
    field_ = world.rng.choice(["plan", "plan_sha256", "run"])
    message = encode(msgspec.structs.replace(world.statement(), **{field_: getattr(other, field_)}))
    world.hand_in(message, sshsig.sign(KEYS["alice"], NAMESPACE, message))


def other_plans_row(world: World) -> None:
    """Another plan's row named for this one"""
    other = World(world.store, world.rng)
    world.authorize(other.good().id)


def moved_row(world: World) -> None:
    """Another plan's row moved to this run"""
    other = World(world.store, world.rng)
    approval = other.good()
    world.rewrite(approval, run=world.plan.run, plan=world.plan.id, bounds=world.plan.bounds)
    world.sql("UPDATE approvals SET run = ?, plan = ? WHERE id = ?", world.plan.run, world.plan.id, approval.id)


def expired(world: World) -> None:
    """Expired"""
    minutes = world.rng.randrange(1, 1440)
    world.good(minutes=minutes, shift=-minutes - world.rng.randrange(1, 100_000))


def future(world: World) -> None:
    """Given in the future"""
    world.good(shift=world.rng.randrange(2, 100_000))


def too_long(world: World) -> None:
    """Holds longer than a day"""
    world.good(minutes=world.rng.randrange(1441, 1_000_000))


def others_key(world: World) -> None:
    """Another approver's key in alice's name"""
    world.good("bob", name="alice")


def stranger(world: World) -> None:
    """A key of nobody's that settings name"""
    world.good("mallory", name=world.rng.choice(["alice", "bob", "mallory", ""]))


def unknown_user(world: World) -> None:
    """A user of no approver's"""
    world.by_user(world.rng.choice(["mallory", "alice", "bob", "oidc:ALICE"]))


def left(world: World) -> None:
    """A key that was removed from the settings since"""
    world.good()
    kept = named("alice's other")
    world.settings = Settings(approvers=[Approver(name="alice", users=["oidc:alice"], keys=kept), BOB])


def twice(world: World) -> None:
    """One person twice, where two are needed"""
    world.needed = TWO
    acts: list[Callable[[], object]] = [
        world.good,
        lambda: world.good("alice's other"),
        lambda: world.by_user("oidc:alice"),
    ]
    for act in world.rng.sample(acts, world.rng.choice([2, 3])):
        act()


def proposers_own(world: World) -> None:
    """The proposer as one of two"""
    world.needed = TWO
    world.good(world.rng.choice(["alice", "bob"]))
    world.by_user("oidc:carol")


def not_allowed(world: World) -> None:
    """An approver whom the policy does not name"""
    world.needed = gate.Needed("one-approver", 1, ("bob",))
    world.good()


def edited_row(world: World) -> None:
    """The row of a signed approval edited"""
    approval = world.good()
    other = World(world.store, world.rng).good("bob")
    later = (datetime.now(UTC) + timedelta(minutes=900)).strftime("%Y-%m-%dT%H:%M:%SZ")
    edits: list[dict[str, Any]] = [
        {"approver": "bob"},
        {"expires": later},
        {"given": approval.expires},
        {"how": "policy"},
        {"how": other.how},
        {"bounds": ()},
        {"signature": ""},
        {"signature": other.signature},
        {"statement": other.statement},
        {"statement": other.statement, "signature": other.signature, "approver": "bob"},
    ]
    world.rewrite(approval, **world.rng.choice(edits))


def forged_row(world: World) -> None:
    """A row written for an approver who signs"""
    forged = Approval(**(msgspec.structs.asdict(world.good("bob")) | {"id": f"a-{world.rng.randbytes(8).hex()}"}))
    how = world.rng.choice(["SelfSubjectReview", "ssh-ed25519 SHA256:x", "", forged.how])
    world.store.approvals.save(msgspec.structs.replace(forged, how=how, statement="", signature=""))
    world.sql("DELETE FROM approvals WHERE run = ? AND id != ?", world.plan.run, forged.id)


def forged_policy(world: World) -> None:
    """A row in the policy's name, where it asks for a person"""
    gate.approve(world.plan, "policy", short_code(world.plan), 30, world.store, "policy")


def copied_row(world: World) -> None:
    """A used approval's row copied under a new id"""
    approval = world.good()
    world.sql("UPDATE approvals SET consumed_at = ? WHERE id = ?", approval.given, approval.id)
    world.store.approvals.save(msgspec.structs.replace(approval, id=f"a-{world.rng.randbytes(8).hex()}"))


def used(world: World) -> None:
    """Used before"""
    approval = world.rng.choice([world.good, lambda: world.by_user("oidc:alice")])()
    world.sql("UPDATE approvals SET consumed_at = ? WHERE id = ?", approval.given, approval.id)


def handed_in_again(world: World) -> None:
    """used, and handed in again"""
    approval = world.good()
    world.sql("UPDATE approvals SET consumed_at = ? WHERE id = ?", approval.given, approval.id)
    world.hand_in(approval.statement.encode(), approval.signature)


def other_namespace(world: World) -> None:
    """Signed in another namespace"""
    message, names = encode(world.statement()), ["git", "file", "auditor-approval", "auditor-approval@v2", ""]
    signature = sshsig.sign(KEYS["alice"], world.rng.choice(names), message)
    blob = _blob(signature)
    if world.rng.random() < 0.5:  # and its label changed to ours
        read = sshsig.read(signature)
        parts = (read.key.blob, NAMESPACE.encode(), b"", b"sha512", read.body)
        blob = b"SSHSIG" + (1).to_bytes(4, "big") + b"".join(map(string, parts))
    world.hand_in(message, sshsig.armor(blob))


def swapped(world: World) -> None:
    """The hash algorithm or the key in the signature swapped"""
    message = encode(world.statement())
    read = sshsig.read(sshsig.sign(KEYS[world.rng.choice(["alice", "mallory"])], NAMESPACE, message))
    alice = sshsig.public_of(KEYS["alice"]).blob
    algorithm = b"sha512" if read.key.blob != alice else world.rng.choice([b"sha256", b"sha1", b"md5", b""])
    parts = (alice, NAMESPACE.encode(), b"", algorithm, read.body)
    world.hand_in(message, sshsig.armor(b"SSHSIG" + (1).to_bytes(4, "big") + b"".join(map(string, parts))))


def not_canonical(world: World) -> None:
    """signed, but not written as a statement is"""
    good = encode(world.statement())
    more = good[:-1] + b',"unless":"it rains"}'
    message = world.rng.choice([b" " + good, good + b"\n", more, msgspec.json.format(good), good[:-1] + b',"run":"r"}'])
    world.hand_in(message, sshsig.sign(KEYS["alice"], NAMESPACE, message))


def wrong_code(world: World) -> None:
    """Given with another plan's short code"""
    gate.approve(world.plan, "oidc:alice", short_code(planned(world.store)), 30, world.store)


def nothing(world: World) -> None:
    """None at all"""


BAD = (
    flipped_statement, flipped_signature, edited_statement, other_plan, mixed_plans, other_plans_row, moved_row,
    expired, future, too_long, others_key, stranger, unknown_user, left, twice, proposers_own, not_allowed, edited_row,
    forged_row, forged_policy, copied_row, used, handed_in_again, other_namespace, swapped, not_canonical,
    wrong_code, nothing,
)  # fmt: skip


def one_key(world: World) -> None:
    """By a key"""
    world.good(world.rng.choice(["alice", "alice's other", "bob"]))


def one_user(world: World) -> None:
    """By a user"""
    world.by_user("oidc:alice")


def two_persons(world: World) -> None:
    """By two persons, one of them twice"""
    world.needed = TWO
    world.good("alice's other")
    world.good("bob")
    world.by_user("oidc:alice")


def begun(world: World) -> None:
    """Begun under it, then expired: a resume may finish"""
    approval = world.good(minutes=2, shift=-1)
    claim = world.store.claims.take(world.plan.run, "i", (approval.id,))
    StoreJournal(world.store.database, claim).intent(world.plan.id, FIRST, "cordon")
    late = datetime.now(UTC) + timedelta(minutes=5)
    gate.authorize(world.plan, (approval.id,), world.settings, world.store, late)


def unattended(world: World) -> None:
    """By policy, where it says unattended"""
    world.needed = UNATTENDED


GOOD = (one_key, one_user, two_persons, begun, unattended)


@dataclass
class Tally:
    """How often a kind was tried and let through, and by which code it was refused."""

    tried: int = 0
    accepted: int = 0
    codes: Counter[str] = field(default_factory=Counter)


def attempt(kinds: tuple[Callable[[World], None], ...], count: int, seed: int, folder: Path) -> dict[str, Tally]:
    """Make so many attempts, the kinds in turn; a tally of each kind, by what it is."""
    store, rng = Store(str(folder / "store.db")), random.Random(seed)
    store.database.connection.execute("PRAGMA synchronous=OFF")  # thrown away; the gate does not differ
    tallies: dict[str, Tally] = {}
    for number in range(count):
        kind = kinds[number % len(kinds)]
        tally = tallies.setdefault(str(kind.__doc__), Tally())
        world = World(store, rng)
        tally.tried += 1
        try:
            kind(world)
            if kind is not other_plans_row:
                world.authorize()
            tally.accepted += 1
        except Refused as refused:
            tally.codes[refused.code] += 1
    store.database.connection.close()
    return tallies


def main() -> None:
    """Print both tables; exit 1 where a bad one was let through or a good one was not."""
    count, seed = (int(word) for word in (*sys.argv[1:], *("1000", "1")[len(sys.argv) - 1 :]))
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        bad = attempt(BAD, count, seed, Path(one))
        good = attempt(GOOD, max(count // 10, len(GOOD)), seed, Path(other))
    for title, tallies in (("bad approvals", bad), ("good ones", good)):
        print(f"\n{title:<58} tried  accepted  refused as")
        for told, tally in tallies.items():
            codes = ", ".join(f"{code} {times}" for code, times in tally.codes.most_common())
            print(f"  {told:<56} {tally.tried:>5} {tally.accepted:>9}  {codes}")
    let_in = sum(t.accepted for t in bad.values())
    kept_out = sum(t.tried - t.accepted for t in good.values())
    tried = sum(t.tried for t in good.values())
    print(f"\n{count} forged, replayed, stale or edited approvals: {let_in} accepted")
    print(f"{tried} good ones: {tried - kept_out} accepted")
    print(f"seed {seed}, {time.monotonic() - began:.1f} s")
    sys.exit(1 if let_in or kept_out else 0)


if __name__ == "__main__":
    main()
