"""Planning, as the graph's plan node does it: which finding, which action, bound to which live objects."""

from __future__ import annotations

import difflib

from auditor.store.store import Store
from tools.check import AnyCheck, View
from tools.collect.sources import Source
from tools.errors import Refused
from tools.execute.journal import FIRST
from tools.execute.staying import Staying
from tools.model.action import (
    Action,
    Cordon,
    Drain,
    RedeployPriorRelease,
    ReplaceInstance,
    Uncordon,
    inverse_of,
    target_of,
)
from tools.model.facts import Facts
from tools.model.identity import Ref
from tools.model.nouns import Instance, Release
from tools.model.plan import Preview, Reach, Step
from tools.model.report import Finding, Report
from tools.plan.propose import Proposal, propose


def choose(report: Report, wanted: str, view: View, checks: list[AnyCheck]) -> Finding:
    """A finding by its fingerprint (or the beginning of it); without one, the worst for which an action can be planned.
    What is waived is none to remedy.

    Raises `Refused` where there is none, with why the worst one's remedy can't be.
    """
    if wanted:
        found = [f for f in report.findings if f.fingerprint.startswith(wanted)]
        if not any(f.verdict == "violation" for f in found):
            _not_waived(report, wanted)
        if len(found) == 1:
            return found[0]
        many = "several findings begin so" if found else "it may be mended, or of another run"
        raise Refused("no-finding", f"there is no one finding {wanted!r} in what was just read", many, "auditor audit")
    why: Refused | None = None
    for finding in report.findings:
        if finding.remedy is None or finding.verdict != "violation":
            continue
        try:
            propose(finding, view, checks)
        except Refused as refused:
            why = why or refused
        else:
            return finding
    if why is not None:
        raise why
    raise Refused(
        "nothing-to-do",
        "no finding here has a remedy that this tool carries out",
        mend="auditor audit lists the findings, auditor explain what a person does about them",
    )


def _not_waived(report: Report, wanted: str) -> None:
    """Raise `Refused` where what is wanted is waived, with who accepts it and until when."""
    waivers = {use.waiver.id: use.waiver for use in report.waivers}
    for one in report.waived:
        if one.finding.fingerprint.startswith(wanted):
            waiver = waivers[one.by[0]]
            raise Refused(
                "waived",
                f"finding {one.finding.fingerprint} is waived until {waiver.expires:%Y-%m-%d %H:%MZ}",
                f"{waiver.owner}: {waiver.reason}",
                "take the waiver out of auditor.toml, and plan again",
            )


def bind(actions: tuple[Action, ...], sources: tuple[Source, ...]) -> tuple[tuple[Step, ...], str, tuple[str, ...]]:
    """Bind actions to the live objects with the reader's credentials, each in its own scope, and preview them. Says who
    the first one's scope says the reader is, and what the actions do not bring back."""
    from tools.execute.carry_out import executor_for
    from tools.execute.place import open_place

    opened = [open_place(source) for source in sources]
    places = {place.scope(): place for place in opened} if len(opened) > 1 else {}
    own = [places.get(target_of(action).scope, opened[0]) for action in actions]
    try:
        proposer = own[0].user()
    except Refused:
        proposer = ""  # the plan says that nobody whom the place knows proposed it
    executors = [(action, executor_for(action), place.client) for action, place in zip(actions, own, strict=True)]
    steps = tuple(
        Step(action=action, bounds=executor.bind(api), preview=executor.preview(api), inverse=inverse_of(action))
        for action, executor, api in executors
    )
    left = [note for _, executor, api in executors if isinstance(executor, Staying) for note in executor.stays(api)]
    return steps, proposer, tuple(dict.fromkeys(left))


def unbound(actions: tuple[Action, ...], view: View) -> tuple[Step, ...]:
    """The steps of a plan from a recording: bound to nothing, for there is nothing to act on."""
    return tuple(
        Step(action=action, bounds=(), preview=recorded_preview(action, view), inverse=inverse_of(action))
        for action in actions
    )


def undo(run: str, store: Store) -> Proposal:
    """The way back from what a run has done, last step first. Raises `Refused` where there is none."""
    plan = store.runs.load_plan(run)
    begun = [step for number, step in enumerate(plan.steps, FIRST) if store.journal_state(plan.id, number) is not None]
    back = tuple(step.inverse for step in reversed(begun) if step.inverse is not None)
    final = tuple(f"not undone, for nothing does: {step.action}" for step in begun if step.inverse is None)
    if any(isinstance(action, RedeployPriorRelease) and action.stepwise for action in back):
        final += ("the template alone goes back: what its strategy does not replace (OnDelete), --replace does",)
    if not back:
        why = "; ".join(final) or "none of its steps was begun"
        raise Refused("nothing-to-do", f"run {run} has done nothing that can be undone", why)
    return back, f"a person asks to undo run {run}", final


def reach_of(actions: tuple[Action, ...], facts: Facts, scope: str) -> Reach:
    """What actions touch in a scope, of how many there are. What runs on a host whose server is ended ends with it."""
    scopes = {target_of(action).scope for action in actions}
    running = [i for i in facts.instances if i.ref.scope == scope and not i.finished and not i.deleted]
    ended = {instance.ref: instance for action in actions for instance in running if _ends(action, instance)}
    touched = {action.host for action in actions if isinstance(action, Cordon | Uncordon | Drain)}
    hosts = {host for host in touched if host.scope == scope or len(scopes) == 1}
    if len(scopes) > 1:
        ended |= {instance.ref: instance for instance in running if instance.host in {host.name for host in hosts}}
    workloads: dict[Ref, None] = dict.fromkeys(instance.workload for instance in ended.values())
    return Reach(
        instances=len(ended),
        instances_total=len(running),
        hosts=len(hosts),
        hosts_total=sum(host.ref.scope == scope for host in facts.hosts),
        workloads=tuple(sorted(workloads)),
    )


def _ends(action: Action, instance: Instance) -> bool:
    """Whether an action ends an instance."""
    match action:
        case RedeployPriorRelease():
            return instance.workload.uid == action.workload.uid
        case ReplaceInstance():
            return instance.ref.uid == action.instance.uid
        case Drain():
            return instance.host == action.host.name and instance.workload in action.workloads
        case _:
            return False


def recorded_preview(action: Action, view: View) -> Preview:
    """What a recording can show of an action: the images that its releases name."""
    told = "a recording can't be tried on; these are the images that the two releases name"
    if not isinstance(action, RedeployPriorRelease):
        return Preview(by="the recording", diff="", reason="a recording can't be tried on")
    images = {r.ref.uid: [f"{p.name}: {p.image}" for p in r.parts] for r in view.seen(Release)}
    lines = difflib.unified_diff(
        images[action.current.uid], images[action.target.uid], "current", "target", lineterm=""
    )
    return Preview(by="the recording", diff="\n".join(lines), reason=told)
