"""Plans a redeploy of a workload's prior release."""

from __future__ import annotations

from tools.check import AnyCheck, View
from tools.errors import Refused
from tools.model.action import Action
from tools.model.nouns import Release, Workload
from tools.model.observation import NotObserved
from tools.model.report import Finding
from tools.plan import stepwise
from tools.plan.blocking import blocking_violations
from tools.plan.prior import Known, known

NOTES = (
    "ConfigMaps, Secrets and volumes stay as they are now; only the template goes back",
    "a schema migration that the current release made is not undone",
    "a GitOps controller that declares the current release would undo this",
)


SERVERS = (
    "what is on the servers' own disks is lost with them; volumes that outlive them are not attached again by this",
    "a schema migration that the current release made is not undone",
    "what declares the group (Terraform, CloudFormation, a pipeline) would undo this with its next run",
    "the group names the version's number afterwards, whatever it named before",
)


def notes_of(workload: Workload) -> tuple[str, ...]:
    """What does not come back, and what would undo it."""
    return SERVERS if workload.ref.kind == "AutoScalingGroup" else NOTES


def propose(
    finding: Finding, view: View, checks: list[AnyCheck], to: str = ""
) -> tuple[tuple[Action, ...], str, tuple[str, ...]]:
    """The actions for a finding, why this release, and what does not come back. `to` names a release or its revision
    number; by default the one that serves now, else the newest that was seen whole, else what `Known.preference` says.
    Raises `Refused` where none is right."""
    try:
        workload = _workload(finding, view)
        current = view.current_release(workload)
        releases = list(view.releases_of(workload))
        if workload.paused:
            raise _is_paused(workload)
        return _chosen(workload, current, releases, view, checks, to)
    except NotObserved as missing:
        raise Refused(
            "not-observed", f"no release of {finding.owner} can be chosen", missing.reason, missing.mend
        ) from missing


def _chosen(
    workload: Workload, current: Release, releases: list[Release], view: View, checks: list[AnyCheck], to: str
) -> tuple[tuple[Action, ...], str, tuple[str, ...]]:
    others = [release for release in releases if release.ref.uid != current.ref.uid]
    refused: list[Refused] = []
    wanted = [_named(to, releases, current, workload)] if to else others
    for choice in sorted((known(release, workload, view) for release in wanted), key=_preference, reverse=True):
        release = choice.release
        reason = refusal(release, current, view, checks)
        if reason is None:
            notes = (*notes_of(workload), *stepwise.notes(workload, release, view))
            return stepwise.steps(workload, current, release, view), str(choice), notes
        refused.append(reason)
    if to and refused:
        raise refused[0]
    raise Refused(
        "no-prior-release",
        f"{workload.ref} has no prior release that may be redeployed",
        "; ".join(r.message for r in refused) or "the cluster keeps none (spec.revisionHistoryLimit)",
        "deploy a good release through the pipeline",
    )


def refusal(target: Release, current: Release, view: View, checks: list[AnyCheck]) -> Refused | None:
    """Why a release may not be redeployed in place of the current one; None where it may."""
    if target.template == current.template:
        return Refused("same-release", f"{target.ref} is the same as the current release", "their templates are equal")
    worse = blocking_violations(target, view, checks) - blocking_violations(current, view, checks)
    if worse:
        told = ", ".join(f"{check} ({code}) in container {part}" for check, part, code in sorted(worse))
        return Refused(
            "blocking-violation",
            f"{target.ref} breaks what the current release does not: {told}",
            mend="deploy a release that does not, through the pipeline",
        )
    return None


def _workload(finding: Finding, view: View) -> Workload:
    for workload in view.all(Workload):
        if workload.ref.uid == finding.owner.uid:
            return workload
    raise Refused("gone", f"{finding.owner} is not there any more")


def _named(to: str, releases: list[Release], current: Release, workload: Workload) -> Release:
    for release in releases:
        if to in (release.ref.name, release.ref.uid, str(release.number)):
            if release.ref.uid == current.ref.uid:
                raise Refused("same-release", f"{release.ref} is the current release already")
            return release
    known = ", ".join(f"{r.ref.name} (revision {r.number})" for r in sorted(releases, key=_number, reverse=True))
    raise Refused(
        "gone", f"{workload.ref} has no release {to!r}", f"it has {known}", "undo renumbers revisions: choose by name"
    )


def _is_paused(workload: Workload) -> Refused:
    return Refused(
        "paused",
        f"{workload.ref} is paused: its controller would not roll out",
        mend=f"kubectl rollout resume deployment/{workload.ref.name} -n {workload.ref.namespace}, or undo by hand",
    )


def _preference(choice: Known) -> tuple[bool, str, str, int, str]:
    return choice.preference


def _number(release: Release) -> int:
    return release.number or 0
