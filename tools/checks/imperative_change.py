"""A workload's specification is changed by what declares it, never by an imperative command.

**Why.** What `kubectl scale`, `set`, `edit`, `patch` or `rollout` wrote is in no repository: nobody reviewed it, the
next apply undoes it or fights with it, and a cluster made anew would not have it.

**What is examined.** The writes to the workload in the audit log, by the tool that the request names (`fieldManager`,
else the user agent) and by who made it: a change of the specification with an imperative tool, or by a person with a
tool that declares nothing. Without the log, the entries of managedFields: a field whose last writer is an imperative
tool is live now. Fields are said from what to what where the log holds that; who it was only the log proves.

**How to fix.** Put the change into what declares the workload and let the pipeline or the GitOps controller apply it;
`auditor plan` may offer the release before. Take `patch` and `update` on workloads from people.

**Limits.** `kubectl apply` is declarative, whoever runs it, unless `people_may_apply` is false. Controllers (an
autoscaler, an operator) are no violation, and neither is what this auditor did by an approved plan; what scales it and
is of no known kind makes it inconclusive. Field managers are claims: whoever writes can choose the name. A value that
was typed first and declared unchanged afterwards still bears the name of what typed it, unless it is applied
server-side. Changes of labels and annotations of the workload itself are not examined.
"""

from __future__ import annotations

import msgspec

from tools.check import View, Violation, Violations, check
from tools.model.change import Change
from tools.model.nouns import Workload, Write
from tools.model.observation import NotApplicable, NotObserved
from tools.own_record import is_told

DECLARATIVE = (
    "kubectl-client-side-apply",
    "kubectl-create",
    "kubectl-replace",
    "kubectl-last-applied",
    "helm",
    "terraform",
    "hashicorp",  # the first word of Terraform's user agent
    "pulumi",
    "kustomize",
    "argocd",
    "kapp",
    "flux",
    "before-first-apply",
)
"""How the names of tools begin that write what a file or a repository declares."""
IMPERATIVE = (
    "kubectl",
    "k9s",
    "lens",
    "node-fetch",
    "mozilla",
    "dashboard",
    "openshift-console",
    "argocd-server",  # the buttons of its user interface; what is in Git its controller applies
)
"""How the names of tools begin that write what somebody typed. Of both lists the longest beginning decides."""
APPLY = "kubectl"
"""The field manager of `kubectl apply --server-side`. Commands that name no field manager (scale, rollout undo) go by
their user agent (`kubectl/v1.36.3`) in the log, and in managedFields by the same name as an Update."""


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
    try:
        for change in view.changes_to(workload, "write", "scale"):
            if change.fields_seen == ():
                continue  # it left the specification alone
            logged.append(change)
            if not _imperative(change, settings, view):
                continue
            if change.fields_seen is None and change.act == "write":
                reasons.append(_unknown(change))
            elif _automatic(change, settings):
                reasons.append(_unknown_scaler(change))
            else:
                yield _violation(change)
    except NotObserved as missing:
        reasons.append(missing)
    known = [change for change in logged if change.fields_seen or change.act == "scale"]
    yield from _claims(workload, known, settings)
    for reason in reasons:
        raise reason


def _imperative(change: Change, settings: Settings, view: View) -> bool:
    """Whether a write was typed rather than declared, as far as its tool and its actor tell."""
    kind = change.actor_seen.kind if change.actor_seen else "unknown"
    if kind in ("controller", "auditor") or (change.plan and change.plan in view.history.plans):
        return False
    if change.tool == APPLY or _leaning(change.tool, settings) > 0:
        return change.act == "scale" or (kind == "person" and not settings.people_may_apply)
    return change.act == "scale" or kind == "person" or _leaning(change.tool, settings) < 0


def _automatic(change: Change, settings: Settings) -> bool:
    """Whether it may be an autoscaler that no rule of the actors knows."""
    unknown = change.actor_seen is None or change.actor_seen.kind == "unknown"
    return change.act == "scale" and unknown and _leaning(change.tool, settings) == 0 and change.tool != APPLY


def _leaning(tool: str, settings: Settings) -> int:
    """Above 0 for a tool that declares, below for one that types, 0 for one that is not known."""
    declares = max((len(known) for known in (*DECLARATIVE, *settings.declarative) if _begins(tool, known)), default=0)
    types = max((len(known) for known in IMPERATIVE if _begins(tool, known)), default=0)
    return declares - types or (1 if declares else 0)


def _begins(tool: str, known: str) -> bool:
    return tool.lower().startswith(known.lower())


def _claims(workload: Workload, known: list[Change], settings: Settings) -> Violations:
    """Violations for the fields that imperative tools still own, unless the log says who that was, or what declares
    them applies the same value."""
    writes = workload.writes_seen or ()
    applied = {path for write in writes if write.operation == "Apply" for path in write.owns}
    for write in writes:
        live = tuple(path for path in write.owns if path not in applied)
        typed = write.operation != "Apply" and _leaning(write.manager, settings) < 0
        if live and typed and not is_told(write, known):
            yield _claimed(write, live)


def _unknown(change: Change) -> NotObserved:
    return NotObserved(
        f"{change.who} wrote to it with {change.tool or 'an unnamed tool'} at {change.time}, and the log does not hold "
        "what was written",
        "content-not-logged",
        "let the audit policy record writes of workloads at level Request or RequestResponse",
    )


def _unknown_scaler(change: Change) -> NotObserved:
    return NotObserved(
        f"{change.who} scaled it with {change.tool or 'an unnamed tool'}: no rule says whether that is an autoscaler",
        "scaler-unknown",
        "say who it is under [[actors]] in auditor.toml",
    )


def _violation(change: Change) -> Violation:
    times = f", {change.count} times until {change.last}" if change.count > 1 else ""
    what = f": {change.summary}" if change.fields_seen else ""
    evidence = [(change, "user"), (change, "actor_kind"), (change, "tool"), (change, "time")]
    evidence += [(change, "summary")] if change.fields_seen else []
    message = f"{change.who} changed it with {change.tool or 'an unnamed tool'}{times}{what}"
    paths = [field.path.removeprefix("/spec/") for field in change.fields_seen or ()]
    return Violation(_code(change.act == "scale", paths), message, evidence, since=change.time)


def _claimed(write: Write, live: tuple[str, ...]) -> Violation:
    message = f"field manager {write.manager} claims the live value of {', '.join(live)}"
    evidence = [(write, "manager"), (write, "time"), (write, "owned")]
    return Violation(_code(write.subresource == "scale", list(live)), message, evidence, since=write.time)


def _code(scaled: bool, paths: list[str]) -> str:
    """The cause: what was changed, not with which of the tools."""
    if scaled or paths == ["replicas"]:
        return "scaled"
    if paths and all(path.endswith("restartedAt") for path in paths):
        return "restarted"
    if paths == ["paused"]:
        return "paused"
    return "template-changed" if any(path.startswith("template") for path in paths) else "specification-changed"
