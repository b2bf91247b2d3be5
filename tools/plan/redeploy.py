"""Plans a redeploy of a workload's prior release."""

from __future__ import annotations

from tools.check import AnyCheck, View
from tools.errors import Refused
from tools.model.action import RedeployPriorRelease
from tools.model.nouns import Release, Workload
from tools.model.observation import NotObserved
from tools.model.report import Finding
from tools.plan.blocking import blocking_violations

NOTES = (
    "ConfigMaps, Secrets and volumes stay as they are now; only the template goes back",
    "a schema migration that the current release made is not undone",
    "a GitOps controller that declares the current release would undo this",
)


def propose(
    finding: Finding, view: View, checks: list[AnyCheck], to: str = ""
) -> tuple[tuple[RedeployPriorRelease], str, tuple[str, ...]]:
    """The actions for a finding, why this release, and what does not come back. `to` names a release or its revision
    number; by default the one that serves now, else the newest earlier one. Raises `Refused` where none is right."""
    try:
        workload = _workload(finding, view)
        current = view.current_release(workload)
        releases = list(view.releases_of(workload))
    except NotObserved as missing:
        raise Refused(
            "not-observed", f"no release of {finding.owner} can be chosen", missing.reason, missing.mend
        ) from missing
    if workload.paused:
        raise Refused(
            "paused",
            f"{workload.ref} is paused: its controller would not roll out",
            mend=f"kubectl rollout resume deployment/{workload.ref.name} -n {workload.ref.namespace}, or undo by hand",
        )
    others = [release for release in releases if release.ref.uid != current.ref.uid]
    refused: list[Refused] = []
    chosen = [_named(to, releases, current, workload)] if to else sorted(others, key=_preference, reverse=True)
    for release in chosen:
        reason = refusal(release, current, view, checks)
        if reason is None:
            return (RedeployPriorRelease(workload.ref, current.ref, release.ref),), _why(release), NOTES
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
    known = ", ".join(f"{r.ref.name} (revision {r.number})" for r in sorted(releases, key=_preference, reverse=True))
    raise Refused(
        "gone", f"{workload.ref} has no release {to!r}", f"it has {known}", "undo renumbers revisions: choose by name"
    )


def _preference(release: Release) -> tuple[bool, int, str]:
    """A release with ready instances is proven to run here and now; else the newest."""
    return ((release.ready or 0) > 0, release.number or 0, release.created)


def _why(release: Release) -> str:
    images = ", ".join(part.image for part in release.parts)
    if release.ready:
        return (
            f"{release.ref.name} (revision {release.number}; {images}) serves now with {release.ready} ready instances"
        )
    return (
        f"{release.ref.name} (revision {release.number}; {images}) is the newest earlier release; whether it ever ran "
        "healthily is not known from this snapshot"
    )
