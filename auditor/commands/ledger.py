"""`auditor ledger verify`, `show` and `anchor`."""

from __future__ import annotations

import sys

import msgspec

from auditor.ledger.anchors import Anchor, ConfigMapAnchor, FileAnchor
from auditor.ledger.chain import entries, walk
from auditor.ledger.entry import head_of
from auditor.ledger.oci import OciAnchor
from auditor.ledger.settings import AnchorSettings
from auditor.ledger.verify import verify as proof_of
from auditor.render.ledger import print_entries, print_proof
from auditor.render.text import console, print_json, safe
from auditor.settings import Settings, load_settings
from auditor.store.store import Store
from tools.collect.kubernetes.api import connect
from tools.errors import AuditorError, Refused


def verify(context: str, kubeconfig: str, config: str, store: str, as_json: bool) -> int:
    """Prove the ledger. 0 where it is whole, 10 where something was tampered with, 3 where an anchor can't be read."""
    settings, kept = load_settings(config), Store(store)
    proof = proof_of(kept.database, anchors(settings, context, kubeconfig), settings.ledger.key)
    if as_json:
        print_json({"version": 1, "anchored": proof.anchored, **msgspec.to_builtins(proof)})
    else:
        print_proof(proof, console())
    if proof.faults:
        return 10
    return 3 if any(anchor.unread for anchor in proof.anchors) else 0


def show(limit: int, store: str, as_json: bool) -> int:
    """Show the newest entries that are proven; what is wrong with the next is `verify`'s to say, and told here too."""
    chain = walk(list(entries(Store(store).database)))
    shown = chain.proven[-limit:]
    if as_json:
        rows = [{"number": e.number, "hash": e.hash.hex(), **msgspec.to_builtins(body)} for e, body in shown]
        print_json({"version": 1, "entries": rows, "fault": chain.fault})
    else:
        print_entries(shown, chain.fault, console())
    return 10 if chain.fault else 0


def anchor(context: str, kubeconfig: str, config: str, store: str) -> int:
    """Keep the newest head in every anchor. Raises `Refused` where the ledger is not whole, or none is configured."""
    settings, kept = load_settings(config), Store(store)
    places = anchors(settings, context, kubeconfig)
    if not places:
        raise Refused(
            "no-anchor", "auditor.toml names no anchor", mend='[[ledger.anchors]] with file = "/mnt/…" names one'
        )
    proof = proof_of(kept.database, places, settings.ledger.key)
    if proof.faults:
        raise Refused("tampered", proof.faults[0].message, "no head of it is anchored", "auditor ledger verify")
    chain = walk(list(entries(kept.database)))
    if chain.last is None or chain.key is None:
        raise Refused("empty", "nothing was recorded yet", mend="auditor audit")
    head = head_of(chain.last, chain.key.fingerprint)
    failed = 0
    for place in places:
        try:
            place.add(head)
            console().print(f"  entry {head.number} is anchored in {safe(place.name)}")
        except AuditorError as error:
            failed = 1
            sys.stderr.write(f" {safe(str(error))}\n")
    return failed


def anchor_quietly(settings: Settings, store: Store, context: str, kubeconfig: str) -> None:
    """After something was carried out: anchor its head where that is configured; where it can't be, say so and go on,
    since what was done is done."""
    try:
        rows = list(entries(store.database)) if settings.ledger.anchors else []
        key = walk(rows[:1]).key
        places = anchors(settings, context, kubeconfig) if rows and key else []
    except AuditorError as error:
        sys.stderr.write(f" warning: {safe(str(error))}\n")
        return
    for place in places:
        try:
            place.add(head_of(rows[-1], key.fingerprint if key else ""))
        except AuditorError as error:
            sys.stderr.write(f" warning: {safe(str(error))}\n")


def anchors(settings: Settings, context: str, kubeconfig: str) -> list[Anchor]:
    """The anchors of the settings, opened."""
    return [_opened(anchor, settings, context, kubeconfig) for anchor in settings.ledger.anchors]


def _opened(anchor: AnchorSettings, settings: Settings, context: str, kubeconfig: str) -> Anchor:
    if anchor.file:
        return FileAnchor(anchor.file)
    if anchor.configmap:
        api = connect(kubeconfig or settings.kubeconfig, anchor.context or context, settings.timeout)
        return ConfigMapAnchor(anchor.configmap, api)
    return OciAnchor(anchor.oci, settings.timeout)
