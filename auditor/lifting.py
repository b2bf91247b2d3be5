"""Who lifts a stop rule, and how they are known: as the cluster knows their credentials, or by their key's signature.

A lift is about the cases that hold a plan now, and no others: the same cause, grown or come again, stops anew.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from auditor.approvers import Approver, name_of_key, name_of_user
from auditor.policy.case import Held
from auditor.policy.decide import Needed
from auditor.policy.record import record_of
from auditor.settings import Settings
from auditor.signing import sshsig
from auditor.store.runs import now
from auditor.store.stops import Lift
from auditor.store.store import Store
from auditor.validation import CLUSTER
from tools.errors import Refused
from tools.model.plan import Plan

NAMESPACE = "auditor-lift@v1"
"""SSH's namespace of these signatures: a signature that was made for anything else is none."""


def held(needed: Needed, stop: str, run: str) -> tuple[Held, ...]:
    """The stops that hold a plan and can be lifted (`stop`: those of this rule alone). Raises `Refused` where there is
    none."""
    found = [one for one in needed.stops if stop in ("", one.stop)]
    if not any(one.case for one in found):
        why = "; ".join(one.detail for one in found) or "none holds"
        raise Refused("nothing-to-lift", "no stop can be lifted", why, f"auditor policy explain {run}")
    return tuple(one for one in found if one.case)


def check_named(person: str, user: str, stops: Sequence[Held]) -> None:
    """Raise `Refused` where the policy does not name a person for every one of the stops."""
    for one in stops:
        if not person or person not in one.by:
            raise Refused(
                "not-allowed",
                f"{person or user} may not lift {one.stop}",
                f"the policy names {', '.join(one.by) or 'nobody'}",
                "ask one of them" if one.by else "lifted_by of this rule of [[policy.stops]] in auditor.toml",
            )


def by_user(approvers: Sequence[Approver], user: str) -> str:
    """The name that a user of the cluster lifts under; empty where the settings know them not."""
    return name_of_user(approvers, user)


def signed(lift: Lift, private: Any, approvers: Sequence[Approver]) -> Lift:
    """The lift under the signature of a private key, which must be that of the approver it names. Raises `Refused`."""
    key = sshsig.public_of(private)
    owner = name_of_key(approvers, key)
    if not owner or owner != lift.person:
        raise Refused(
            "not-allowed",
            f"the key {key} is not {lift.person}'s",
            f"settings name it as {owner}'s" if owner else "no approver of the settings has it",
            "[[approvers]] in auditor.toml says whose key is whose",
        )
    known = msgspec.structs.replace(lift, how=str(key))
    told = msgspec.structs.asdict(known) | {"type": NAMESPACE, "nonce": secrets.token_hex(16)}
    message = msgspec.json.encode({name: value for name, value in told.items() if value}, order="sorted")
    signature = sshsig.sign(private, NAMESPACE, message)
    return msgspec.structs.replace(known, statement=message.decode(), signature=signature)


def lifts_of(
    plan: Plan, stops: Sequence[Held], person: str, reason: str, settings: Settings, store: Store
) -> list[Lift]:
    """What a person lifts: each stop's case, which is remembered now where only the plan's own look has seen it."""
    record = record_of(plan, settings.policy, store, datetime.now(UTC))
    made: dict[tuple[str, str], Lift] = {}
    for one in stops:
        seen = next((s for s in record.seen if (s.stop, s.cause) == (one.stop, one.case)), None)
        case = store.stops.add(plan.run, plan.scope, seen).id if seen else one.case
        told = {"scope": plan.scope, "stop": one.stop, "cause": case, "person": person}
        made.setdefault((one.stop, one.case), Lift(**told, how=CLUSTER, at=now(), reason=reason))
    return list(made.values())
