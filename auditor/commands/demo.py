"""`auditor demo`: the whole loop on a fleet recorded from a real cluster; no cluster, key or account needed."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from auditor.commands import approve, audit, explain, plan, trace
from auditor.render.text import console, line
from auditor.store.store import Store
from tools.errors import Refused
from tools.model.plan import short_code
from tools.model.report import Finding

RECORDING = Path(__file__).resolve().parent.parent / "demo" / "shop"
FOLLOW = """\
On a cluster at hand, with a kubeconfig that may read it (deploy/kubernetes/reader.yaml says which rights):

    auditor audit                            # the current context; or kubernetes:CONTEXT
    auditor plan --source kubernetes:CONTEXT
    auditor approve RUN --context YOURS      # as a person that the cluster knows
    auditor execute RUN --context ACTING     # with the rights in deploy/kubernetes/actor.yaml
"""


def demo(step: bool) -> int:
    """Audit, trace, explain and plan on the recording, and be refused at the gate. Keeps nothing."""
    source, config = str(RECORDING), str(RECORDING / "auditor.toml")
    with tempfile.TemporaryDirectory(prefix="auditor-demo-") as folder:
        store = str(Path(folder) / "store.db")
        _title(1, "audit: what violates immutability in this fleet?", step)
        audit.audit([source], False, "", config, store, False)
        violations = _violations(store)
        worst = violations[0]
        _title(2, f"trace: how did {worst.subjects[0].name} come to be?", step)
        trace.trace(f"pod/{worst.subjects[0].namespace}/{worst.subjects[0].name}", [source], "", config, store, False)
        _title(3, "explain: why, since when, by whom?", step)
        entered = next(f for f in violations if f.check == "in-place-change" and f.owner != worst.owner)
        explain.explain(entered.fingerprint, "", "", "", store, False)
        failed = next(f for f in violations if f.code == "deadline-exceeded")
        _title(4, f"plan: a remedy for {failed.owner}", step)
        plan.plan(failed.fingerprint, source, "", None, "", config, store, False)
        _title(5, "approve: the gate", step)
        _at_the_gate(store)
    sys.stdout.write("\n" + FOLLOW)
    return 0


def _violations(store: str) -> list[Finding]:
    runs = Store(store).runs
    return [f for f in runs.load_report(runs.latest().report or "").findings if f.verdict == "violation"]


def _at_the_gate(store: str) -> None:
    """Ask for an approval, and show why there is none to be had here."""
    runs = Store(store).runs
    run = runs.latest()
    code = short_code(runs.load_plan(run.id))
    out = console()
    out.print(line((f"$ auditor approve {run.id} --code {code}", "bold")))
    try:
        approve.approve(run.id, "", "", code, 0, "", store, quiet=True)
    except Refused as refused:
        out.print(line(("refused: ", "bold red"), refused.message))
        out.print(line(("    why: ", "dim"), refused.cause))
        out.print(line(("     do: ", "dim"), refused.mend))


def _title(number: int, text: str, step: bool) -> None:
    if step and number > 1:
        sys.stdout.write("— return goes on —")
        sys.stdout.flush()
        sys.stdin.readline()
    console().print(line((f"━━ {number}/5  {text}", "bold cyan")))
    console().print()
