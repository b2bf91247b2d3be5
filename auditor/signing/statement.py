"""What an approver signs: one plan by its full hash, in one run of one cluster, by whom and for how long.

The bytes that are signed are canonical JSON; bytes that say the same in another way are not a statement.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec

from auditor.signing.wire import Malformed
from tools.model.plan import Approval, Plan, hash_fields, plan_hash

NAMESPACE = "auditor-approval@v1"
"""SSH's namespace of these signatures: a signature that was made for anything else is none."""

MOST_MINUTES = 1440
SKEW = timedelta(seconds=60)
"""How far the approver's clock may be ahead of this one."""

_TIME = "%Y-%m-%dT%H:%M:%SZ"


class Statement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A yes to one plan. `plan_sha256` is of the plan's canonical JSON without its id, whose id is its beginning;
    `bounds_sha256` is of the live objects that it is bound to; `action` is for whoever reads it before signing."""

    type: Literal["auditor-approval@v1"] = "auditor-approval@v1"
    plan: str
    plan_sha256: str
    bounds_sha256: str
    run: str
    scope: str
    action: str
    approver: str
    given: str
    expires: str
    nonce: str


def state(plan: Plan, approver: str, minutes: int, moment: datetime | None = None) -> Statement:
    """The statement by which `approver` approves a plan from now on, for so many minutes."""
    given = moment or datetime.now(UTC)
    said = {
        **about(plan),
        "type": NAMESPACE,
        "approver": approver,
        "given": given.strftime(_TIME),
        "expires": (given + timedelta(minutes=minutes)).strftime(_TIME),
        "nonce": secrets.token_hex(16),
    }
    return msgspec.convert(said, Statement)


def about(plan: Plan) -> dict[str, str]:
    """What a statement must say of a plan."""
    return {
        "plan": plan.id,
        "plan_sha256": hash_fields(msgspec.structs.replace(plan, id="")),
        "bounds_sha256": hash_fields(plan.bounds),
        "run": plan.run,
        "scope": plan.scope,
        "action": str(plan),
    }


def differs(statement: Statement, plan: Plan) -> str:
    """What a statement says otherwise than the plan, in words; empty where it is about this very plan."""
    if plan_hash(plan) != plan.id:
        return "the plan is not what its hash says"
    said = msgspec.structs.asdict(statement)
    return "; ".join(
        f"{name} {said[name]!r}, not {value!r}" for name, value in about(plan).items() if said[name] != value
    )


def untimely(statement: Statement | Approval, moment: datetime) -> str:
    """Why its times can't be right, whether it has expired or not; empty where they can."""
    given, expires = time_of(statement.given), time_of(statement.expires)
    if given is None or expires is None:
        return "it says no times"
    if given > moment + SKEW:
        return f"it was given at {statement.given}, which is yet to come"
    if expires - given > timedelta(minutes=MOST_MINUTES):
        return f"it holds from {statement.given} until {statement.expires}: {MOST_MINUTES} minutes are the most"
    return ""


def encode(statement: Statement) -> bytes:
    """The bytes that are signed."""
    return msgspec.json.encode(statement, order="sorted")


def decode(data: bytes) -> Statement:
    """A statement out of the bytes that were signed. Raises `Malformed` where they are not canonical."""
    try:
        statement = msgspec.json.decode(data, type=Statement)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"it is not a statement of approval: {error}") from error
    if encode(statement) != data:
        raise Malformed("it is not written as a statement is written")
    return statement


def approval_id(statement: bytes) -> str:
    """The id under which a signed approval is filed: a statement can be filed once."""
    return "a-" + hashlib.sha256(statement).hexdigest()[:16]


def time_of(text: str) -> datetime | None:
    """A time in the one form in which times are written here; None for anything else."""
    try:
        moment = datetime.strptime(text, _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
    return moment if moment.strftime(_TIME) == text else None
