"""What an audit log could not tell, as gaps. None of them is required: a fleet may be audited without the log."""

from __future__ import annotations

from collections.abc import Iterator

from tools.collect.kubernetes.auditlog.policy import Eyes
from tools.collect.kubernetes.auditlog.tally import Reading
from tools.collect.kubernetes.auditlog.watching import holes, name_of
from tools.model.change import Change
from tools.model.observation import Gap

_CHANGING = ("write", "scale", "resize", "ephemeral-container")
_WRONG = {
    "truncated": ("{count} of its parts cut off, first {place}", "give the whole file"),
    "broken": ("{count} of its lines can't be read, first {place}", "give the file as the API server wrote it"),
    "not-audit": ("{count} of its lines are no audit.k8s.io Event, first {place}", "give the audit log alone"),
    "no-user": ("{count} of its acts name no user, first {place}", "look for what removed it on the way here"),
}


def of_files(scope: str, used: list[Reading], foreign: list[Reading], moment: str) -> Iterator[Gap]:
    """What was wrong with the files."""
    for reading in used:
        for code, (reason, mend) in _WRONG.items():
            if count := reading.counts[code]:
                text = reason.format(count=count, place=reading.places[code])
                yield _gap(scope, code, f"the audit log {reading.path.name}: {text}", mend, count)
        if reading.strange:
            reason = f"{reading.strange} events of {reading.path.name} are about another cluster's objects"
            yield _gap(scope, "other-cluster", reason, "give each cluster its own log", reading.strange)
        if reading.later:
            reason = f"{reading.later} events of {reading.path.name} are later than {moment}, when this was recorded"
            yield _gap(
                scope, "later-than-snapshot", reason, "record the lists anew, or look at the clocks", reading.later
            )
    for until, since in holes(used):
        reason = f"no file of the audit log covers {until} to {since}"
        yield _gap(scope, "log-hole", reason, "give the file between, or declare since and until", 0)
    if not foreign:
        return
    if any(reading.strange for reading in foreign):
        reason = f"{name_of(foreign)} is another cluster's: it gives the names of our objects to others"
        yield _gap(scope, "other-cluster", reason, "give this cluster's log", len(foreign))
    elif not used:
        what = "holds no events" if not any(r.events for r in foreign) else "names none of this cluster's objects"
        yield _gap(
            scope, "nothing-matches", f"{name_of(foreign)} {what}{_first(foreign)}", "give this cluster's log", 0
        )


def of_content(scope: str, changes: list[Change], eyes: Eyes) -> Iterator[Gap]:
    """What the log's levels and its policy leave out."""
    untold = [change for change in changes if change.fields_seen is None and change.act in _CHANGING]
    if untold:
        first = untold[0]
        count = sum(change.count for change in untold)
        yield _gap(
            scope,
            "level-low",
            f"of {count} writes the audit log does not hold what was written, first {first.version} ({first.ref})",
            "let the audit policy record writes of workloads and pods at level RequestResponse",
            count,
        )
    if eyes.system:
        told = ", ".join(eyes.system[:5]) + (", …" if len(eyes.system) > 5 else "")
        reason = f"by its policy the audit log leaves out what the system's own users do: {told}"
        yield _gap(scope, "policy-system", reason, "", len(eyes.system))


def _first(readings: list[Reading]) -> str:
    places = [place for reading in readings for place in reading.places.values()]
    return f" ({places[0]})" if places else ""


def _gap(scope: str, code: str, reason: str, mend: str, count: int) -> Gap:
    return Gap(scope=scope, noun="Change", code=code, reason=reason, mend=mend, count=count, required=False)
