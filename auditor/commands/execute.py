"""`auditor execute RUN` and `auditor resume RUN`: behind the gate, under the acting credentials."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from auditor import gate
from auditor.commands.acting import Credentials, acting_places, is_account
from auditor.commands.ledger import anchor_quietly
from auditor.commands.looking import progress
from auditor.commands.stopping import bar, stopping
from auditor.render.text import console, line, print_json, safe
from auditor.settings import load_settings
from auditor.store.journal import journal_lines
from auditor.store.store import Store
from auditor.validation import check_plan
from tools.errors import ApiFailure, AuditorError, Refused
from tools.execute.carry_out import standing, ways_on
from tools.execute.journal import FIRST
from tools.model.plan import Plan


def execute(run: str, approval: str, given: Credentials, config: str, store: str, as_json: bool) -> int:
    """Resume a run's gate with an approval. 0 where it was verified, 1 where not."""
    kept = Store(store)
    plan = kept.runs.load_plan(run)
    try:
        check_plan(plan)
        approvals = _authorized(plan, (approval,) if approval else (), config, kept)
        if kept.runs.get(run).state == "done":
            raise Refused("reused", f"run {run} was carried out before", kept.runs.get(run).outcome, "plan again")
        return _carry_on(plan, approvals, given, config, kept, as_json)
    except Refused as refused:
        kept.runs.refuse(run, refused.code, str(refused))
        raise


def resume(run: str, given: Credentials, config: str, store: str, as_json: bool) -> int:
    """Go on with a run that was stopped: under the approval that it was begun with."""
    kept = Store(store)
    plan = kept.runs.load_plan(run)
    try:
        claimed = kept.claims.find(run)
        if claimed is None:
            raise Refused("not-begun", f"run {run} was never executed", mend=f"auditor execute {run}")
        if kept.runs.get(run).state == "done":
            console().print(line(f"run {run} is done: {kept.runs.get(run).outcome}"))
            return 0
        begun = kept.journal_state(plan.id, FIRST) is not None
        approvals = _authorized(plan, claimed[1] if begun else (), config, kept)
        return _carry_on(plan, approvals, given, config, kept, as_json)
    except Refused as refused:
        kept.runs.refuse(run, refused.code, str(refused))
        raise


def _authorized(plan: Plan, approvals: tuple[str, ...], config: str, store: Store) -> tuple[str, ...]:
    """The ids of the approvals under which the plan may be carried out."""
    return tuple(approval.id for approval in gate.authorize(plan, approvals, load_settings(config), store))


def _carry_on(
    plan: Plan, approvals: tuple[str, ...], given: Credentials, config: str, store: Store, as_json: bool
) -> int:
    """Claim the run, answer its interrupt (or go on behind it), and say how it ended."""
    from auditor.graph import go_on, open_graph, pending, resume, waiting
    from auditor.stages import Acting, Stages

    start = time.monotonic()
    settings = load_settings(config)
    places = acting_places(plan, given, settings)
    users = {scope: place.user() for scope, place in places.items()}
    with open_graph(Stages(store, settings.checks)) as graph:
        interrupt, follows = waiting(graph, plan.run), pending(graph, plan.run)
    if not interrupt and not follows:
        raise Refused("ended", f"run {plan.run} waits at no gate", store.runs.get(plan.run).outcome, "plan again")
    earlier = store.claims.find(plan.run)
    begun = store.journal_state(plan.id, FIRST) is not None
    claim = store.claims.take(plan.run, earlier[0] if earlier else interrupt, approvals, begun)
    say = progress()
    with ExitStack() as ending:
        cluster = "" if is_account(plan) else given.context
        ending.callback(anchor_quietly, settings, store, cluster, given.kubeconfig)  # also behind what failed
        ending.enter_context(_said(plan, store))
        ending.callback(say, "")
        stop = ending.enter_context(stopping(say))
        acting = Acting(places, users, claim, lambda now: say(bar(now)), stop)
        graph = ending.enter_context(open_graph(Stages(store, settings.checks, say, acting, settings)))
        interrupt = waiting(graph, plan.run)
        if not interrupt and not pending(graph, plan.run):  # another process ended it between the look and the claim
            raise Refused(
                "reused", f"run {plan.run} has ended meanwhile", store.runs.get(plan.run).outcome, "plan again"
            )
        state = resume(graph, plan.run, interrupt, approvals) if interrupt else go_on(graph, plan.run, approvals)
    return _report(plan, state.get("verified", False), time.monotonic() - start, store, as_json)


@contextmanager
def _said(plan: Plan, store: Store) -> Iterator[None]:
    """Where a store that takes no more hides that every step was done, that is said first; and where the plan stands,
    where it is stopped at once."""
    try:
        yield
    except KeyboardInterrupt:
        sys.stderr.write(f"{safe(standing(plan, store.journal_state))}\n{safe(ways_on(plan))}\n")
        raise
    except (Refused, ApiFailure):
        raise
    except AuditorError as error:
        if store.journal_state(plan.id, len(plan.steps)) != "done":
            raise
        raise AuditorError(
            f"plan {plan.id} was done, every step of it, and its check could not be kept",
            " ".join(part for part in (error.message, error.cause) if part),
            f"{error.mend}; then auditor resume {plan.run} checks it and ends the run",
        ) from error


def _report(plan: Plan, verified: bool, seconds: float, store: Store, as_json: bool) -> int:
    run, lines = store.runs.get(plan.run), journal_lines(store.database, plan.id)
    if as_json:
        print_json(
            {
                "version": 1,
                "run": run.id,
                "verified": verified,
                "outcome": run.outcome,
                "seconds": round(seconds, 2),
                "journal": [list(row) for row in lines],
            }
        )
        return 0 if verified else 1
    out = console()
    for step, at, state, detail in lines:
        out.print(line((f"  {at}  {f'step {step} ' if len(plan.steps) > 1 else ''}{state:<7} ", "dim"), detail))
    word = ("verified", "bold green") if verified else ("not verified", "bold red")
    out.print(line(word, f" after {seconds:.1f} s: {run.outcome}"))
    if not verified:
        out.print(line(("  where it stands: ", "dim"), standing(plan, store.journal_state)))
        out.print(line(("  the way back: ", "dim"), f"auditor plan --undo {plan.run}"))
    return 0 if verified else 1
