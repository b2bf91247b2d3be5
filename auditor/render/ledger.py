"""The ledger, as a person reads it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from auditor.ledger.chain import Fault
from auditor.ledger.entry import Body, Entry
from auditor.ledger.verify import Proof
from auditor.render.text import fields, line


def print_proof(proof: Proof, out: Console) -> None:
    """Print up to which head the ledger is proven, by which anchors, and every fault."""
    if not proof.entries and not proof.faults:
        out.print(line("nothing was recorded yet"))
        return
    good = not proof.faults
    word = ("whole", "bold green") if good else ("tampered with", "bold red")
    out.print(line(word, f": {proof.proven} of {proof.entries} entries are proven by the chain and its key"))
    rows = [("head", f"{proof.proven} {proof.head[:16]}"), ("key", proof.key), ("begun", _begun(proof))]
    rows += [("anchor", f"{anchor.name}: {anchor.unread or f'up to entry {anchor.upto}'}") for anchor in proof.anchors]
    fields(out, [(label, text) for label, text in rows])
    for fault in proof.faults:
        out.print(line((f"  {fault.code}: ", "bold red"), fault.message))
    if good and proof.anchored < proof.proven:
        after = f"entries {proof.anchored + 1} to {proof.proven}" if proof.anchored else "no entry"
        told = "are signed, not anchored: their removal would not be seen" if proof.anchored else "is anchored"
        out.print(line((f"  {after} {told}; auditor ledger anchor keeps the head elsewhere", "dim")))


def _begun(proof: Proof) -> str:
    return (
        f"{proof.begun}; {proof.earlier} {'run is' if proof.earlier == 1 else 'runs are'} not in it"
        if proof.earlier
        else proof.begun
    )


def print_entries(rows: Sequence[tuple[Entry, Body]], fault: Fault | None, out: Console) -> None:
    """Print entries, a line each, and what is wrong with the next."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for entry, body in rows:
        dim = (line((part, "dim")) for part in (entry.number, body.at))
        table.add_row(*dim, line(body.kind), line(told(body)))
    out.print(table)
    if fault is not None:
        out.print(line((f"  {fault.code}: ", "bold red"), fault.message))


def told(body: Body) -> str:
    """What an entry says, in words."""
    about = body.about
    match body.kind:
        case "key":
            return f"begun under {about['public']}"
        case "run":
            return f"{about['run']} {about['state']}" + (f": {about['outcome']}" if about["outcome"] else "")
        case "approval":
            return f"{about['approval']} of {about['run']} by {about['approver']} ({about['how']})"
        case "step":
            return f"step {about['step']} of {about['plan']}: {about['state']} by {about['actor'] or 'nobody known'}"
        case "refusal":
            return f"{about['run']} {about['code']}: {about['message']}"
        case "stop":
            return f"{about['case']} {about['stop']} {about['state']} in {about['run']}: {about['detail']}"
        case "lift":
            return f"{about['person']} lifted {about['stop']}: {about['reason']}"
