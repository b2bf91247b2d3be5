"""`auditor approve --sign` and `--signature`: an approval given on another machine, and handed in on this one."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import msgspec

from auditor import gate
from auditor.commands.approve import ask
from auditor.render.plan import print_plan
from auditor.render.text import console, line
from auditor.settings import load_settings
from auditor.signing import sshsig
from auditor.signing.approval import Signed, read_signed
from auditor.signing.private import load_private
from auditor.signing.statement import MOST_MINUTES, NAMESPACE, encode, state
from auditor.signing.wire import Malformed
from auditor.store.store import Store
from auditor.validation import check_plan
from tools.errors import Refused, UsageError
from tools.model.plan import PLAN_VERSION, Plan, plan_hash


class _Shown(msgspec.Struct):
    """What `auditor show --json` prints, as far as its plan."""

    plan: Plan


def refuse_words() -> NoReturn:
    """Raise `UsageError`: the options do not go together."""
    raise UsageError(
        "say what to approve and how",
        "a run of this store, or with --plan a plan's file from another machine",
        "auditor approve RUN [--signature FILE], or auditor approve --plan FILE --sign KEY --as NAME",
    )


def sign(
    plan_file: str, key: str, name: str, code: str, minutes: int, output: str, statement_out: str, config: str
) -> int:
    """Show a plan that was carried here, ask for its short code, and write the signed approval, or the statement for
    `ssh-keygen` to sign. Needs neither a store nor a cluster."""
    if not name:
        raise UsageError("say whose approval this is", mend="--as NAME, as [[approvers]] in auditor.toml has it")
    if bool(key) == bool(statement_out):
        raise UsageError(
            "say one of --sign KEY and --statement-out FILE", "the one signs, the other writes what to sign"
        )
    plan = read_plan(plan_file)
    out = console(sys.stderr if not output and key else None)
    print_plan(plan, out)
    check_plan(plan)
    gate.check_code(plan, code or ask(out))
    statement = state(plan, name, min(minutes or load_settings(config).approval_minutes, MOST_MINUTES))
    message = encode(statement)
    if statement_out:
        _write(statement_out, message)
        out.print(line(("to be signed: ", "bold"), f"{statement_out}, by {name}, until {statement.expires}"))
        out.print(f"next: ssh-keygen -Y sign -n {NAMESPACE} -f KEY {statement_out}", soft_wrap=True)
        out.print(
            f"then, where the store is: auditor approve {plan.run} --signature {statement_out}.sig", soft_wrap=True
        )
        return 0
    try:
        signature = sshsig.sign(load_private(key), NAMESPACE, message)
    except Malformed as error:
        raise UsageError(f"the key {key} can't sign an approval", str(error)) from error
    made = msgspec.json.encode(Signed(statement=message.decode(), signature=signature))
    if not output:
        sys.stdout.write(made.decode() + "\n")
    else:
        _write(output, made + b"\n")
        out.print(line(("signed", "bold green"), f" as {name} until {statement.expires}: {output}"))
    out.print(f"next, where the store is: auditor approve {plan.run} --signature {output or 'FILE'}", soft_wrap=True)
    return 0


def hand_in(run: str, file: str, config: str, store: str) -> int:
    """Verify a signed approval by the keys that the settings name, and keep it. Refusals are recorded."""
    settings, kept = load_settings(config), Store(store)
    plan = kept.runs.load_plan(run)
    try:
        if kept.runs.get(run).state not in ("planned", "executing"):
            raise Refused("ended", f"run {run} has ended: {kept.runs.get(run).outcome}", mend="plan again")
        needed = gate.needed_for(plan, settings, kept, datetime.now(UTC))
        gate.check_mode(plan, needed)
        approval = gate.accept(_signed(file), plan, settings.approvers, kept)
    except Refused as refused:
        kept.runs.refuse(run, refused.code, str(refused))
        raise
    out = console()
    told = f" by {approval.approver} ({approval.how}) until {approval.expires}  ({approval.id})"
    out.print(line(("approved", "bold green"), told))
    out.print(f"next: auditor execute {run}")
    return 0


def read_plan(file: str) -> Plan:
    """A plan as `auditor plan --json` or `auditor show --json` printed it, whole by its hash. Raises `UsageError` where
    there is none in the file, `Refused` where it was edited."""
    data = _read(file)
    try:
        try:
            plan = msgspec.json.decode(data, type=Plan)
        except msgspec.ValidationError:
            plan = msgspec.json.decode(data, type=_Shown).plan
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} holds no plan", str(error), "auditor plan --json > plan.json") from error
    if plan.version != PLAN_VERSION:
        raise UsageError(
            f"{file} is a plan of version {plan.version}", f"this program reads {PLAN_VERSION}", "plan again"
        )
    if plan_hash(plan) != plan.id:
        raise Refused(
            "edited", f"the plan in {file} was edited", "its content is not what its hash says", "fetch it again"
        )
    return plan


def _signed(file: str) -> Signed:
    """A signed approval: the file of `--sign`, or ssh-keygen's `.sig` beside the statement that it signs."""
    data = _read(file)
    if not data.startswith(b"-----BEGIN SSH SIGNATURE-----"):
        return read_signed(data)
    if not file.endswith(".sig"):
        raise UsageError(f"{file} does not say what it signs", "a signature of ssh-keygen's lies beside it as FILE.sig")
    try:
        return Signed(statement=_read(file.removesuffix(".sig")).decode(), signature=data.decode())
    except UnicodeDecodeError as error:
        raise Refused(
            "bad-signature", "the signed approval is not whole", str(error), "let it be signed again"
        ) from error


def _read(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"{file} can't be read", str(error)) from error


def _write(file: str, data: bytes) -> None:
    try:
        Path(file).write_bytes(data)
    except OSError as error:
        raise UsageError(f"{file} can't be written", str(error)) from error
