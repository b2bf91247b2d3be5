"""Planning, as the graph's plan node does it: which finding, which action, bound to which live objects."""

from __future__ import annotations

import difflib

from auditor import gate
from tools.check import AnyCheck, View
from tools.collect.sources import Source
from tools.errors import Refused
from tools.model.action import Action, RedeployPriorRelease
from tools.model.nouns import Release
from tools.model.plan import Bound, Preview
from tools.model.report import Finding, Report
from tools.plan.propose import propose


def choose(report: Report, wanted: str, view: View, checks: list[AnyCheck]) -> Finding:
    """A finding by its fingerprint (or the beginning of it); without one, the worst for which an action can be planned.

    Raises `Refused` where there is none, with why the worst one's remedy can't be.
    """
    if wanted:
        found = [f for f in report.findings if f.fingerprint.startswith(wanted)]
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


def bind(action: Action, source: Source) -> tuple[tuple[Bound, ...], Preview, str]:
    """Bind an action to the live objects with the reader's credentials, preview it, and say who the reader is."""
    from tools.collect.kubernetes.api import connect
    from tools.execute.carry_out import executor_for
    from tools.execute.executor import preview

    executor = executor_for(action)
    api = connect(source.kubeconfig, source.context, source.timeout)
    try:
        proposer = gate.who(api)
    except Refused:
        proposer = ""  # the plan says that nobody whom the cluster knows proposed it
    return executor.bind(api), preview(executor, api), proposer


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
