"""How a check came out for one object: a report lists what failed, and counts what passed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from auditor.store.store import Store
from tools.catalogue import convert_settings, discover
from tools.check import View
from tools.model.observation import NotApplicable, NotObserved


def snapshot(home: Path, report: dict[str, Any], settings: dict[str, dict[str, Any]] | None = None) -> View:
    """The snapshot that a report names, from the store that the command kept it in, under its settings."""
    store = Store(str(home / "store" / "store.db"))
    facts = store.runs.load_facts(report["snapshot"])
    store.database.connection.close()
    return View(facts, convert_settings(discover(), settings or {}))


def outcome(view: View, check: str, uid: str) -> str:
    """How one check comes out for the subject of a uid (of a pod: its first container)."""
    found = next(c for c in discover() if c.id == check)
    subject = next(s for s in view.seen(found.noun) if s.ref.uid == uid)
    try:
        return "violation" if list(found(subject, view)) else "pass"
    except NotObserved:
        return "inconclusive"
    except NotApplicable:
        return "not-applicable"
