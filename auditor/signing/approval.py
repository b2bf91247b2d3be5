"""A signed approval: given on any machine by a key that settings name, and verified here without asking anybody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from auditor.approvers import Approver, name_of_key
from auditor.signing import sshsig
from auditor.signing.statement import NAMESPACE, Statement, approval_id, decode, differs, untimely
from auditor.signing.wire import Malformed
from tools.errors import Refused
from tools.model.plan import Approval, Plan

AGAIN = "auditor approve --plan PLAN.json --sign KEY --as NAME"


class Signed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file that `auditor approve --sign` writes: the statement as it was signed, and its SSH signature."""

    version: Literal[1] = 1
    statement: str
    signature: str


def read_signed(data: bytes) -> Signed:
    """A signed approval out of its file. Raises `Refused`."""
    try:
        return msgspec.json.decode(data, type=Signed)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused("bad-signature", "this is no signed approval", str(error), AGAIN) from error


def verified(signed: Signed, plan: Plan, approvers: Sequence[Approver], moment: datetime) -> Approval:
    """The approval that a signature gives to this very plan; its expiry is the gate's to judge. Raises `Refused`."""
    message = signed.statement.encode("utf-8", "surrogatepass")
    try:
        statement, signature = decode(message), sshsig.read(signed.signature)
    except Malformed as error:
        raise Refused("bad-signature", "the signed approval is not whole", str(error), AGAIN) from error
    if not sshsig.verify(signature, signature.key, NAMESPACE, message):
        why = f"the signature does not fit the statement in the namespace {NAMESPACE}"
        raise Refused("bad-signature", "the approval's signature is not good", why, AGAIN)
    _owned(statement, signature, approvers)
    other = differs(statement, plan)
    if other:
        raise Refused("other-plan", "the signed approval is for another plan", other, AGAIN)
    late = untimely(statement, moment)
    if late:
        raise Refused("untimely", "the signed approval's times can't be right", late, AGAIN)
    return Approval(
        id=approval_id(message),
        run=statement.run,
        plan=statement.plan,
        approver=statement.approver,
        how=str(signature.key),
        given=statement.given,
        expires=statement.expires,
        bounds=plan.bounds,
        statement=signed.statement,
        signature=signed.signature,
    )


def _owned(statement: Statement, signature: sshsig.Signature, approvers: Sequence[Approver]) -> None:
    """Raise `Refused` where the key is not one of those that settings name for the statement's approver."""
    owner = name_of_key(approvers, signature.key)
    if not owner or owner != statement.approver:
        raise Refused(
            "approver-left",
            f"the key {signature.key} is not {statement.approver}'s",
            f"settings name it as {owner}'s" if owner else "no approver of the settings has it (any more)",
            "[[approvers]] in auditor.toml says who may approve, and by which keys",
        )
