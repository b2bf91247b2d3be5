"""Sanctions out of the store: the steps that its journal says were executed, as far as its ledger proves them.

A step counts only where its intent is in the ledger, the chain is whole up to its newest entry, its row in the journal
is what that entry says, and its plan is what its id is the hash of. All else sanctions nothing, and says why.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from typing import assert_never

import msgspec

from auditor.ledger.chain import Chain, entries, walk
from auditor.ledger.entry import Body
from auditor.ledger.key import key_file, load_key, public_of
from auditor.store.database import Database
from tools.errors import AuditorError
from tools.model.action import (
    Action,
    Cordon,
    Drain,
    PauseRollout,
    RedeployPriorRelease,
    ReplaceInstance,
    ResumeRollout,
    Uncordon,
)
from tools.model.change import Act
from tools.model.identity import Ref
from tools.model.plan import Plan, plan_hash
from tools.model.sanction import Sanction, Sanctions

Step = tuple[str, int]
"""A plan's id and the number of its step."""


def load_sanctions(database: Database) -> Sanctions:
    """The steps that this store's ledger proves. Raises `AuditorError` where the file can't be read."""
    with database.reading() as connection:
        rows = connection.execute("SELECT plan, step, state, write_id, actor FROM journal ORDER BY rowid").fetchall()
        if not rows:
            return Sanctions()
        chain = walk(list(entries(database)), asked=lambda body: body.kind == "step")
        strange = _strange_key(database, chain)
        said: dict[Step, list[Body]] = {} if strange else _said(chain)
        fault = strange or (chain.fault.message if chain.fault else "")
        steps: dict[str, Sanction] = {}
        unproven: dict[str, str] = {}
        for plan, step, *row in rows:
            bodies = said.get((plan, step), [])
            made = None if fault and not bodies else _plan(connection, plan)
            why = _unproven(bodies, row, made, step, fault)
            if why or made is None:
                unproven.setdefault(plan, f"step {step}: {why}")
            else:
                steps[row[1]] = _sanction(made, step, bodies)
    return Sanctions(steps, unproven)


def _strange_key(database: Database, chain: Chain) -> str:
    """Why the ledger is not known to be signed by the key beside the store; empty where it is."""
    try:
        beside = public_of(load_key(key_file(database.path)))
    except AuditorError as error:
        return error.message
    if chain.key is not None and chain.key != beside:
        return f"it is signed by {chain.key.fingerprint}, and the key beside the store is {beside.fingerprint}"
    return ""


def _said(chain: Chain) -> dict[Step, list[Body]]:
    """What the proven entries say of each step, oldest first."""
    found: dict[Step, list[Body]] = defaultdict(list)
    for _, body in chain.proven:
        if body.kind == "step":
            found[str(body.about["plan"]), int(body.about["step"])].append(body)
    return found


def _unproven(bodies: list[Body], row: list[str], plan: Plan | None, step: int, fault: str) -> str:
    """Why a row of the journal sanctions nothing; empty where it is proven."""
    behind = f" ({fault})" if fault else ""
    if fault and not bodies:
        return f"the ledger is not whole{behind}"
    if not bodies or bodies[0].about["state"] != "intent":
        return "its intent is not in the ledger"
    if any(body.about["write_id"] != row[1] or body.about["actor"] != row[2] for body in bodies):
        return "its row in the journal is not what the ledger says"
    if bodies[-1].about["state"] != row[0]:
        return f"its row in the journal is not what the ledger's newest entry of it says{behind}"
    if not row[1] or not row[2]:
        return "it has no audit id, or no user"
    if plan is None or not 1 <= step <= len(plan.steps):
        return "its plan was edited, or is gone"
    return ""


def _plan(connection: sqlite3.Connection, name: str) -> Plan | None:
    """A plan, unless it is not what its id is the hash of."""
    row = connection.execute("SELECT data FROM plans WHERE id = ?", (name,)).fetchone()
    try:
        plan = msgspec.json.decode(row[0], type=Plan) if row else None
    except msgspec.DecodeError:
        return None
    return plan if plan is not None and plan_hash(plan) == plan.id == name else None


def _sanction(plan: Plan, step: int, bodies: list[Body]) -> Sanction:
    ref, act, verb, owners = _request(plan.steps[step - 1].action)
    over = ("done",) if act == "evict" else ("effect", "done")  # one write is over once it was accepted
    ended = [body.at for body in bodies if body.about["state"] in over]
    return Sanction(
        plan=plan.id,
        run=plan.run,
        step=step,
        write_id=str(bodies[0].about["write_id"]),
        user=str(bodies[0].about["actor"]),
        ref=ref,
        act=act,
        verb=verb,
        begin=bodies[0].at,
        end=ended[0] if ended else "",
        owners=owners,
    )


def _request(action: Action) -> tuple[Ref, Act, str, tuple[Ref, ...]]:
    """What an action's executor sends: to which object, which act by which verb, and whose instances it evicts."""
    match action:
        case RedeployPriorRelease() if action.workload.kind == "AutoScalingGroup":
            return action.workload, "write", "StartInstanceRefresh", ()
        case ReplaceInstance() if action.instance.kind == "Instance":
            return action.instance, "delete", "TerminateInstanceInAutoScalingGroup", ()
        case RedeployPriorRelease() | PauseRollout() | ResumeRollout():
            return action.workload, "write", "patch", ()
        case Cordon() | Uncordon():
            return action.host, "write", "patch", ()
        case ReplaceInstance():
            return action.instance, "evict", "create", ()
        case Drain():
            return action.host, "evict", "create", action.workloads
    assert_never(action)
