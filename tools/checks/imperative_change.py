"""A workload's specification is changed by what declares it, never by an imperative command.

**Why.** What `kubectl scale`, `set`, `edit`, `patch` or `rollout` wrote is in no repository: nobody reviewed it, the
next apply undoes it or fights with it, and a cluster made anew would not have it.

**What is examined.** The writes to the workload in the audit log, by the tool that the request names (`fieldManager`,
else the user agent) and by who made it: a change of the specification with an imperative tool, or by a person with a
tool that declares nothing. Without the log, the entries of managedFields: a field whose last writer is an imperative
tool is live now. Fields are said from what to what where the log holds that; who it was only the log proves.

**Servers.** The same is asked of CloudTrail for Auto Scaling groups and the launch templates that they follow
(`$Latest`, `$Default`): what Terraform, Pulumi, CloudFormation and its kin wrote is declared; the console, the CLI, and
what a person does with an SDK is not. A size that is set alone (`SetDesiredCapacity`) is typed, whoever's SDK sets it,
but for an autoscaler's. An instance refresh is a release, and a pipeline's may bring the configuration to
launch with it; a role of no known kind that does, or that writes with an SDK, leaves it inconclusive.

**How to fix.** Put the change into what declares the workload and let the pipeline or the GitOps controller apply it;
`auditor plan` may offer the release before. Take `patch` and `update` on workloads from people.

**Limits.** `kubectl apply` is declarative, whoever runs it, unless `people_may_apply` is false. Controllers (an
autoscaler, an operator) are no violation; what scales it and is of no known kind makes it inconclusive. Neither is what
this auditor did by an approved plan: a write in the log under the audit id that its ledger has for an executed step, of
that step's user, object, verb and time (five seconds apart at most), once. The mark that it leaves (annotation
`auditor/plan`) excuses nobody, and what imitates it is told; an audit with another store than the one that executed the
plan knows of no step. Without a log it is known by the mark and the time alone, and that is said. Field managers are
claims: whoever writes can choose the name. A value that was typed first and declared unchanged afterwards still bears
the name of what typed it, unless it is applied server-side. Changes of labels and annotations of the workload itself
are not examined.
"""

from __future__ import annotations

from collections.abc import Generator

import msgspec

from tools.check import View, Violation, Violations, check
from tools.model.change import Change
from tools.model.nouns import Workload, Write
from tools.model.observation import NotApplicable, NotObserved
from tools.own_record import is_told
from tools.sanctions import Judged, Ledger
from tools.tool_names import APPLY, leaning

WEAKER = "by the mark and the time alone; an audit log would prove it"
"""How what only managedFields say of this auditor's own writes is told."""

SIZES = ("replicas", "/desiredCapacity", "/minSize", "/maxSize")
"""The fields that say how many instances there are to be."""
TEMPLATES = ("template", "/launchTemplate", "/launchConfigurationName", "/mixedInstancesPolicy")
"""How the fields begin that say what an instance is made from."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`people_may_apply` is whether a person's `kubectl apply` counts as declared; `declarative` are further tools that
    declare, by the beginning of their name."""

    people_may_apply: bool = True
    declarative: list[str] = []


@check(Workload, severity="high", principle="declarative", settings=Settings, watched=True)
def examine(workload: Workload, view: View) -> Violations:
    """Violations for imperative writes; inconclusive where one could have gone unseen."""
    if not workload.read:
        raise NotObserved(f"{workload.ref} is known by reference alone", "not-read", "record its kind too")
    if workload.ref.kind == "StaticPod":
        raise NotApplicable("a host's own file declares it, not the API")
    settings = view.settings(Settings)
    logged: list[Change] = []
    reasons: list[NotObserved] = []
    missing: NotObserved | None = None
    ledger = Ledger(view.history.sanctions)
    own: list[Change] = []
    try:
        for change in view.changes_to(workload, "write", "scale"):
            judged = None if _is_controller(change) else ledger.judge(change)
            own += [change] if judged else []
            if change.fields_seen == () or (judged and judged.step):
                continue  # it left the specification alone, or is a step of this auditor's own
            logged.append(change)
            imitates = judged is not None and _imitates(change, judged, settings)
            if not imitates and not _imperative(change, settings):
                reasons += [_unknown_writer(change)] if _unnamed(change, settings) else []
                continue
            if change.fields_seen is None and change.act == "write":
                reasons.append(_unknown(change, judged))
            elif not imitates and _automatic(change, settings):
                reasons.append(_unknown_scaler(change))
            else:
                yield _violation(change, judged)
    except NotObserved as error:
        missing = error
    known = [change for change in logged if change.fields_seen or change.act == "scale"]
    weaker = yield from _claims(workload, known, own, ledger, settings, missing is not None)
    reasons += [] if missing is None else [_with(missing, weaker)]
    for reason in reasons:
        raise reason


def _is_controller(change: Change) -> bool:
    return change.actor_seen is not None and change.actor_seen.kind == "controller"


def _imitates(change: Change, judged: Judged, settings: Settings) -> bool:
    """Whether a write that is no step of this auditor's makes out to be one. What reads an object and writes it back
    whole (an operator's update), or declares it, carries an old mark along without meaning to."""
    marking = change.verb != "update" and leaning(change.tool, settings.declarative) <= 0 and change.tool != APPLY
    return judged.poses or marking


def _imperative(change: Change, settings: Settings) -> bool:
    """Whether a write was typed rather than declared, as far as its tool and its actor tell."""
    kind = change.actor_seen.kind if change.actor_seen else "unknown"
    if kind == "controller":
        return False
    if change.tool == APPLY or leaning(change.tool, settings.declarative) > 0:
        return change.act == "scale" or (kind == "person" and not settings.people_may_apply)
    return change.act == "scale" or kind == "person" or leaning(change.tool, settings.declarative) < 0


def _unnamed(change: Change, settings: Settings) -> bool:
    """Whether nothing tells if a program or a person wrote it: a role of no known kind, which anybody may assume, with
    a tool that neither declares nor types. (A service account of a cluster is a program's.)"""
    unknown = change.source == "cloudtrail" and change.actor_seen is not None and change.actor_seen.kind == "unknown"
    return unknown and leaning(change.tool, settings.declarative) == 0


def _automatic(change: Change, settings: Settings) -> bool:
    """Whether it may be an autoscaler that no rule of the actors knows."""
    unknown = change.actor_seen is None or change.actor_seen.kind == "unknown"
    return (
        change.act == "scale" and unknown and leaning(change.tool, settings.declarative) == 0 and change.tool != APPLY
    )


def _claims(
    workload: Workload, known: list[Change], own: list[Change], ledger: Ledger, settings: Settings, unlogged: bool
) -> Generator[Violation, None, list[str]]:
    """Violations for the fields that imperative tools still own, or what calls itself this auditor, unless the log says
    who that was, or what declares them applies the same value. Where no log could prove it, what may be a step of this
    auditor is none: returned in words."""
    writes, weaker = workload.writes_seen or (), []
    applied = {path for write in writes if write.operation == "Apply" for path in write.owns}
    for write in writes:
        live = tuple(path for path in write.owns if path not in applied)
        typed = write.operation != "Apply" and leaning(write.manager, settings.declarative) < 0
        judged = ledger.judge_claim(write, workload)
        if not live or is_told(write, [*known, *own] if judged else known):
            continue
        if judged and judged.step and unlogged:
            weaker.append(f"what {write.manager} wrote at {write.time} is {judged.step}, {WEAKER}")
        elif judged or typed:
            yield _claimed(write, live, judged)
    return weaker


def _not_ours(judged: Judged | None) -> str:
    return f"; {judged.told}" if judged else ""


def _with(missing: NotObserved, weaker: list[str]) -> NotObserved:
    """Why it is not known, with what was taken for this auditor's own."""
    return NotObserved("; ".join([missing.reason, *weaker]), missing.code, missing.mend) if weaker else missing


def _unknown(change: Change, judged: Judged | None) -> NotObserved:
    return NotObserved(
        f"{change.who} wrote to it with {change.tool or 'an unnamed tool'} at {change.time}, and the log does not hold "
        f"what was written{_not_ours(judged)}",
        "content-not-logged",
        "let the audit policy record writes of workloads at level Request or RequestResponse",
    )


def _unknown_scaler(change: Change) -> NotObserved:
    return NotObserved(
        f"{change.who} scaled it with {change.tool or 'an unnamed tool'}: no rule says whether that is an autoscaler",
        "scaler-unknown",
        "say who it is under [[actors]] in auditor.toml",
    )


def _unknown_writer(change: Change) -> NotObserved:
    return NotObserved(
        f"{change.who} wrote to it with {change.tool or 'an unnamed tool'} at {change.time}: no rule says whether that "
        "is a pipeline",
        "writer-unknown",
        "say who it is under [[actors]] in auditor.toml",
    )


def _violation(change: Change, judged: Judged | None) -> Violation:
    times = f", {change.count} times until {change.last}" if change.count > 1 else ""
    what = f": {change.summary}" if change.fields_seen else ""
    evidence = [(change, "user"), (change, "actor_kind"), (change, "tool"), (change, "time")]
    evidence += [(change, "summary")] if change.fields_seen else []
    evidence += [(change, "plan")] if change.plan else []
    evidence += [(change, "version")] if judged else []
    message = f"{change.who} changed it with {change.tool or 'an unnamed tool'}{times}{what}{_not_ours(judged)}"
    paths = [field.path.removeprefix("/spec/") for field in change.fields_seen or ()]
    return Violation(_code(change.act == "scale", paths), message, evidence, since=change.time)


def _claimed(write: Write, live: tuple[str, ...], judged: Judged | None) -> Violation:
    message = f"field manager {write.manager} claims the live value of {', '.join(live)}{_not_ours(judged)}"
    evidence = [(write, "manager"), (write, "time"), (write, "owned")]
    return Violation(_code(write.subresource == "scale", list(live)), message, evidence, since=write.time)


def _code(scaled: bool, paths: list[str]) -> str:
    """The cause: what was changed, not with which of the tools."""
    if scaled or (paths and all(path in SIZES for path in paths)):
        return "scaled"
    if paths and all(path.endswith("restartedAt") for path in paths):
        return "restarted"
    if paths == ["paused"]:
        return "paused"
    return "template-changed" if any(path.startswith(TEMPLATES) for path in paths) else "specification-changed"
