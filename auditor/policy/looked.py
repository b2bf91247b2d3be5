"""What one look at a scope shows of the causes of stop rules, and the keeping of it: audits and plans alike."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.policy.case import Seen
from auditor.policy.model import Policy
from auditor.store.store import Store
from tools.model.facts import Facts
from tools.model.identity import Ref
from tools.model.report import Report

DRIFT = "hosts-drifting-alike"
UNHEALTHY = "cluster-unhealthy"


def looked(report: Report, facts: Facts, scope: str) -> tuple[tuple[str, ...], tuple[Seen, ...]]:
    """About which stop rules a look can say all there is, and what it saw of their causes, however small. What a waiver
    accepts counts here too."""
    seen = list(_drifts(report, scope))
    known = [DRIFT] if _all_judged(report) else []
    unready = unready_of(facts, scope)
    if unready is not None:
        known.append(UNHEALTHY)
        seen += [Seen(UNHEALTHY, "unready", unready, f"{unready:.0f}% of the hosts or instances are not ready")]
    return tuple(known), tuple(seen)


def _drifts(report: Report, scope: str) -> Iterator[Seen]:
    """Each fact in which hosts of a pool differ from its baseline, and how many do. A finding is of one host (its owner
    is the pool's namespace and the host's name)."""
    hosts: dict[tuple[str, str], set[Ref]] = {}
    for found in report.found:
        if found.check == "host-baseline" and found.verdict == "violation" and found.owner.scope == scope:
            hosts.setdefault((found.owner.namespace, found.code), set()).update(found.subjects)
    for (pool, code), alike in sorted(hosts.items()):
        one = "1 host" if len(alike) == 1 else f"{len(alike)} hosts"
        yield Seen(DRIFT, f"{pool}/{code}", len(alike), f"{one} of pool {pool} drift alike ({code})")


def unready_of(facts: Facts, scope: str) -> float | None:
    """The larger share, in percent, of hosts and of instances that are not ready. None where either was not seen."""
    hosts = [host.ready for host in facts.hosts if host.ref.scope == scope]
    running = [one.ready for one in facts.instances if one.ref.scope == scope and not one.finished]
    if not hosts or not running:
        return None
    return max(100 * ready.count(False) / len(ready) for ready in (hosts, running))


def note_look(run: str, report: Report, facts: Facts, policy: Policy, store: Store) -> None:
    """Remember what a look saw that makes a stop rule of the policy hold, and what of it is gone. A look that is older
    than another of its scope (a recording, audited late) says nothing of now."""
    for scope in report.scopes:
        if store.is_late(run, scope.id):
            continue
        known, seen = looked(report, facts, scope.id)
        for when in (DRIFT, UNHEALTHY):
            limits = [stop.limit for stop in policy.stops if stop.when == when]
            if limits:
                large = [one for one in seen if one.stop == when and one.size >= min(limits)]
                store.stops.note(run, scope.id, when, large, whole=when in known)


def _all_judged(report: Report) -> bool:
    """Whether every host was held against a baseline."""
    found = [c for c in report.coverage if c.check == "host-baseline"]
    whole = not any(c.unseen or c.inconclusive or c.errors for c in found)
    return whole and any(c.passed or c.violations for c in found)
