"""Whether a release would break a blocking check: decided on its template, before anything runs from it."""

from __future__ import annotations

from tools.check import AnyCheck, View
from tools.model.nouns import Container, Release
from tools.model.observation import NotApplicable, NotObserved


def blocking_violations(release: Release, view: View, checks: list[AnyCheck]) -> set[tuple[str, str, str]]:
    """The (check, container, cause) of each blocking check that the release's template breaks. What can't be decided on
    a template alone (a running digest) is not in it."""
    found: set[tuple[str, str, str]] = set()
    for check in checks:
        if not check.blocking or check.noun is not Container:
            continue
        if check.scopes and view.scopes[release.ref.scope].kind not in check.scopes:
            continue
        for part in release.parts:
            planned = Container(
                ref=part.ref,
                root=part.root,
                version=part.version,
                name=part.name,
                role=part.role,
                image=part.image,
                slot=part.slot,
            )
            try:
                for violation in check(planned, view):
                    found.add((check.id, part.name, violation.code))
            except (NotObserved, NotApplicable):
                continue
    return found
