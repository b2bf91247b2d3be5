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
autoscaler, an operator) are no violation, and neither is what this auditor did by an approved plan. Field managers are
claims: whoever writes can choose the name. Changes of labels and annotations of the workload itself are not examined.
"""

from __future__ import annotations

import msgspec

from tools.check import View, Violation, Violations, check
from tools.model.change import Change
from tools.model.nouns import Workload, Write
from tools.model.observation import NotApplicable, NotObserved

DECLARATIVE = (
    "kubectl-client-side-apply",
    "kubectl",  # kubectl apply --server-side
    "kubectl-create",
    "kubectl-replace",
    "kubectl-last-applied",
    "helm",
    "terraform",
    "pulumi",
    "kustomize",
    "argocd",
    "kapp",
    "flux",
    "before-first-apply",
)
"""How the names of tools begin that write what a file or a repository declares."""
IMPERATIVE = ("kubectl-", "kubectl/", "k9s", "lens", "node-fetch", "mozilla", "dashboard", "openshift-console")
"""How the names of tools begin that write what somebody typed; what declares is asked for first."""


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
    told: set[str] = set()
    unknown: NotObserved | None = None
    try:
        for change in view.changes_to(workload, "write", "scale"):
            if not _imperative(change, settings, view):
                continue
            if change.fields_seen is None and change.act == "write":
                unknown = _unknown(change)
                continue
            told.add(change.tool)
            yield _violation(change)
    except NotObserved as missing:
        unknown = unknown or missing
    for write in workload.writes_seen or ():
        if write.owns and write.manager not in told and _typed(write.manager, settings):
            yield _claimed(write)
    if unknown is not None:
        raise unknown


def _imperative(change: Change, settings: Settings, view: View) -> bool:
    """Whether a write was typed rather than declared."""
    kind = change.actor_seen.kind if change.actor_seen else "unknown"
    if kind in ("controller", "auditor") or (change.plan and change.plan in view.history.plans):
        return False
    if change.fields_seen is not None and not change.fields_seen:
        return False
    if _declares(change.tool, settings):
        return change.act == "scale" or (kind == "person" and not settings.people_may_apply)
    return change.act == "scale" or kind == "person" or _typed(change.tool, settings)


def _declares(tool: str, settings: Settings) -> bool:
    name = tool.lower()
    exact = name == "kubectl" or any(name.startswith(known) for known in DECLARATIVE if known != "kubectl")
    return exact or any(name.startswith(known.lower()) for known in settings.declarative)


def _typed(tool: str, settings: Settings) -> bool:
    return not _declares(tool, settings) and tool.lower().startswith(IMPERATIVE)


def _unknown(change: Change) -> NotObserved:
    return NotObserved(
        f"{change.who} wrote to it with {change.tool or 'an unnamed tool'} at {change.time}, and the log does not hold "
        "what was written",
        "content-not-logged",
        "let the audit policy record writes of workloads at level Request or RequestResponse",
    )


def _violation(change: Change) -> Violation:
    times = f", {change.count} times until {change.last}" if change.count > 1 else ""
    what = f": {change.summary}" if change.fields_seen else ""
    evidence = [(change, "who"), (change, "tool"), (change, "time")]
    evidence += [(change, "summary")] if change.fields_seen else []
    message = f"{change.who} changed it with {change.tool or 'an unnamed tool'}{times}{what}"
    paths = [field.path.removeprefix("/spec/") for field in change.fields_seen or ()]
    return Violation(_code(change.act == "scale", paths), message, evidence, since=change.time)


def _claimed(write: Write) -> Violation:
    message = f"field manager {write.manager} claims the live value of {write.owned}"
    evidence = [(write, "manager"), (write, "time"), (write, "owned")]
    scaled = write.subresource == "scale"
    return Violation(_code(scaled, list(write.owns)), message, evidence, since=write.time)


def _code(scaled: bool, paths: list[str]) -> str:
    """The cause: what was changed, not with which of the tools."""
    if scaled or paths == ["replicas"]:
        return "scaled"
    if paths and all(path.endswith("restartedAt") for path in paths):
        return "restarted"
    if paths == ["paused"]:
        return "paused"
    return "template-changed" if any(path.startswith("template") for path in paths) else "specification-changed"
