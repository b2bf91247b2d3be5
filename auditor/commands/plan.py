"""`auditor plan`: run the graph to its gate with the reader's credentials."""

from __future__ import annotations

import msgspec

from auditor.commands.looking import NO_LOGS, Logs, Looking, progress
from auditor.render.explanation import print_explanation
from auditor.render.plan import print_plan
from auditor.render.text import console, print_json
from auditor.store.store import Store
from tools.errors import Refused, UsageError
from tools.model.plan import short_code
from tools.plan.propose import Wish


def wish_of(wishes: dict[str, str], delete_local_data: bool) -> Wish | None:
    """The one thing that a person asks for; None where they ask for nothing. Raises `UsageError` for several."""
    named = {kind: subject for kind, subject in wishes.items() if subject}
    if len(named) > 1:
        raise UsageError("a plan does one thing", f"asked for: {', '.join(named)}", "make a plan for each")
    if delete_local_data and not {"drain", "replace", "replace-node"} & named.keys():
        raise UsageError(
            "--delete-local-data says something of --drain, --replace or --replace-node", "none was asked for"
        )
    for kind, subject in named.items():
        return msgspec.convert({"kind": kind, "subject": subject, "delete_local_data": delete_local_data}, type=Wish)
    return None


def plan(
    finding: str,
    sources: list[str],
    to: str,
    wish: Wish | None,
    kubeconfig: str,
    config: str,
    store: str,
    as_json: bool,
    logs: Logs = NO_LOGS,
) -> int:
    """Make one plan and stop at the gate. Where none can be made, it is refused with the reason and recorded."""
    from auditor.graph import begin, open_graph, state_of
    from auditor.stages import RunState, Stages

    looking = Looking(sources, kubeconfig, config, logs)
    two = wish is not None and wish.kind == "replace-node"
    first, *also = looking.pair if two else [looking.one]
    kept = Store(store)
    run = kept.runs.begin(looking.named)
    say = progress()
    stages = Stages(kept, looking.configured.checks, say, configured=looking.configured)
    try:
        with open_graph(stages) as graph:
            asked: RunState = {"finding": finding, "to": to, "wish": msgspec.to_builtins(wish)}
            asked |= {"run": run, "source": msgspec.to_builtins(first)}
            if also:
                asked |= {"also": msgspec.to_builtins(also)}
            begin(graph, asked)
            explanation = state_of(graph, run).get("explanation", "")
    except Refused as refused:
        kept.runs.refuse(run, refused.code, str(refused))
        kept.runs.update(run, state="refused", outcome=refused.code)
        raise
    finally:
        say("")
    made = kept.runs.load_plan(run)
    if as_json:
        print_json(made)
        return 0
    out = console()
    if explanation:
        _print_why(kept, run, explanation)
    print_plan(made, out)
    if made.recorded:
        out.print("This is a recording: the gate will refuse to act on it.")
    else:
        out.print(f"next: auditor approve {run} --code {short_code(made)}, then auditor execute {run}")
        if len(made.parts) > 1:
            out.print("      each with --context of the cluster and --profile of the account", highlight=False)
    return 0


def _print_why(store: Store, run: str, explanation: str) -> None:
    """Print the run's explanation of its finding."""
    told = store.runs.load_explanation(explanation)
    findings = store.runs.load_report(store.runs.get(run).report or "").findings
    print_explanation(next(f for f in findings if f.fingerprint == told.finding), told, console())
