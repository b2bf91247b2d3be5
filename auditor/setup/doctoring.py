"""What is missing, what that blinds, and what closes it: of a live cluster, of a recording, and of the settings."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from auditor.settings import Settings
from auditor.setup.manifest import manifest
from auditor.setup.quoting import value
from tools.check import AnyCheck
from tools.collect.kubernetes import gaps
from tools.collect.kubernetes.access import Account, Right, acting, identity, lists, reading, refusal, whoami
from tools.collect.kubernetes.api import Api, ApiFailure
from tools.collect.kubernetes.decode import READ
from tools.errors import SourceError
from tools.model.facts import Facts
from tools.model.observation import Gap

EXAMINED = {
    "Instance": ("Instance", "Container", "Release", "Workload"),
    "Release": ("Release", "Container", "Workload"),
    "Host": ("Host", "Pool"),
}
"""The nouns of the checks that a list of this noun's objects is read for, where they are more than that noun's own."""
_LIST_OF = " list not read: "


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is missing: as a gap, with what it blinds (`checks` by id; `blinds` in words), and what closes it:
    a `right` to grant, a `command` to run, or `settings` (TOML lines) to add."""

    gap: Gap
    checks: tuple[str, ...] = ()
    blinds: str = ""
    right: Right | None = None
    command: str = ""
    settings: str = ""


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """What the doctor says. `manifest` grants every missing right at once."""

    version: Literal["auditor.doctor/v1"] = "auditor.doctor/v1"
    source: str
    account: Account | None = None
    missing: tuple[Missing, ...] = ()
    manifest: str = ""

    @property
    def exit_code(self) -> int:
        """3 where something required is missing, else 0."""
        return 3 if any(missing.gap.required for missing in self.missing) else 0


def account_of(api: Api) -> Account | None:
    """Who the cluster takes these credentials for; None where it does not say.

    Raises `SourceError` where the cluster does not answer, or does not accept the credentials.
    """
    try:
        return whoami(api)
    except ApiFailure as failure:
        if failure.status in (0, 401):
            raise _not_looked(api, failure) from failure
        return None


def examine_rights(api: Api, facts: Facts | None, checks: Sequence[AnyCheck]) -> Iterator[Missing]:
    """The rights that are missing: to read, where `facts` are what was read with the account; else to act. Raises as
    `account_of` does."""
    scope = facts.scopes[0].id if facts else f"context:{api.name}"
    refused = _refused(facts) if facts else set()
    for right in dict.fromkeys(reading() if facts else acting()):
        tried = facts is not None and right in (*lists(), identity())
        if tried and right not in refused:
            continue  # it was read: that is more than any review can say
        try:
            reason = refusal(api, right) or ("the request itself was refused" if tried else "")
        except ApiFailure as failure:
            if failure.status in (0, 401):
                raise _not_looked(api, failure) from failure
            reason = f"the cluster did not say whether it is allowed: {failure}"
        if reason:
            yield _lacking(scope, right, reason, checks, acts=facts is None)


def _refused(facts: Facts) -> set[Right]:
    """What of the collector's own requests was forbidden."""
    kinds = {gap.reason.partition(_LIST_OF)[0] for gap in _forbidden(facts) if gap.noun}
    return {right for right in lists() if right.kind in kinds} | {identity() for g in _forbidden(facts) if not g.noun}


def _not_looked(api: Api, failure: ApiFailure) -> SourceError:
    mend = "renew the credentials" if failure.status == 401 else "check the address, the network, and that it runs"
    return SourceError(f"context {api.name}: nothing can be looked at", str(failure), mend)


def _lacking(scope: str, right: Right, reason: str, checks: Sequence[AnyCheck], *, acts: bool) -> Missing:
    told = f"{right} is not allowed: {reason}"
    mend = "apply the manifest as an administrator"
    if acts:
        gap = Gap(scope=scope, noun=READ[right.kind][2], code="forbidden", reason=told, mend=mend)
        also = "" if right.verb in ("patch", "create") else ", or seeing that it worked"
        return Missing(gap=gap, blinds=f"carrying a plan out{also}", right=right)
    if right.verb == "list":
        gap = msgspec.structs.replace(gaps.of_failure(scope, right.kind, "forbidden", ""), reason=told, mend=mend)
        blind = blinded(gap.noun, checks)
        return Missing(gap=gap, checks=blind, blinds="" if blind else _in_words(right.kind), right=right)
    known = right == identity()
    blinds = "names across looks: fingerprints hang on the context's name" if known else f"plans about a {right.kind}"
    gap = Gap(scope=scope, noun=READ[right.kind][2], code="forbidden", required=False, reason=told, mend=mend)
    return Missing(gap=gap, blinds=blinds, right=right)


def _in_words(kind: str) -> str:
    return {"PodDisruptionBudget": "plans: what a budget forbids to evict", "Event": "timelines"}.get(kind, "traces")


def blinded(noun: str, checks: Sequence[AnyCheck]) -> tuple[str, ...]:
    """The checks that examine what a gap of this noun leaves out, or what hangs on it: blinded, or weakened."""
    nouns = EXAMINED.get(noun, (noun,))
    return tuple(check.id for check in checks if check.noun.__name__ in nouns)


def _forbidden(facts: Facts) -> Iterator[Gap]:
    """The gaps of requests that were refused: of lists, and (without a noun) of the cluster's identity."""
    yield from (gap for gap in facts.gaps if gap.code == "forbidden")


def examine_facts(facts: Facts, source: str, checks: Sequence[AnyCheck]) -> Iterator[Missing]:
    """The other gaps of what was read, and for a list that a recording does not hold the command that records it."""
    refused = set(_forbidden(facts))
    paths = {right.kind: right for right in lists()}
    accounts = {scope.id for scope in facts.scopes if scope.kind == "aws"}
    for gap in facts.gaps:
        if (gap in refused and gap.scope not in accounts) or gap.code == "not-given":
            continue
        command = ""
        if gap.code == "not-recorded" and gap.scope not in accounts:
            kind = gap.reason.removeprefix("the recording holds no ").removesuffix(" list")
            command = _record(paths[kind].resource if kind in paths else kind, source)
        yield Missing(gap=gap, checks=blinded(gap.noun, checks), command=command)
    for scope in facts.scopes:
        if scope.recorded and not scope.stable and scope.kind == "aws":
            gap = Gap(scope=scope.id, noun="", code="not-recorded", required=False,
                      reason="the recording does not say which account and region it is of",
                      mend="name them in its first document: aws: {account: …, region: …}")  # fmt: skip
            yield Missing(gap=gap, blinds="names across looks: fingerprints hang on the file's name")
        elif scope.recorded and not scope.stable:
            gap = Gap(scope=scope.id, noun="", code="not-recorded", required=False,
                      reason="the recording does not hold the namespace kube-system, whose uid names the cluster",
                      mend="record it too")  # fmt: skip
            command = f"kubectl get namespace kube-system -o json > {_beside(source, 'kube-system')}"
            yield Missing(gap=gap, blinds="names across looks: fingerprints hang on the file's name", command=command)


def _record(resource: str, source: str) -> str:
    get = f"kubectl get {resource} -A -o json --show-managed-fields"
    return f"{get} > {_beside(source, resource)}"


def _beside(source: str, name: str) -> str:
    """Where a further list goes: into the recording's folder; beside a file, both then being one folder's."""
    path = Path(source)
    return shlex.quote(str((path if path.is_dir() else path.parent) / f"{name}.json"))


def examine_settings(settings: Settings, facts: Facts, checks: Sequence[AnyCheck], *, log: bool) -> Iterator[Missing]:
    """What settings would close. Nothing of it is required: a fleet may be audited without."""
    scope = facts.scopes[0].id
    watched = tuple(check.id for check in checks if check.watched)
    if not log:
        reason = "no audit log is given: who changed what, and what was run inside an instance, is not in the API"
        lines = '[audit_log]\npath = ["/var/log/kubernetes/audit"]\npolicy = "/etc/kubernetes/audit-policy.yaml"'
        yield _setting(scope, "Change", "no-audit-log", reason, lines, watched)
    elif not any(watch.policy for watch in facts.watches):
        reason = "no audit policy is given: what is not in the audit log proves nothing"
        lines = '[audit_log]\npolicy = "/etc/kubernetes/audit-policy.yaml"'
        yield _setting(scope, "Change", "no-audit-policy", reason, lines, watched)
    actors = [change.actor_seen for change in facts.changes]
    unknown = sorted({actor.name for actor in actors if actor and actor.name and actor.kind == "unknown"})
    for user in unknown:
        lines = f'[[actors]]\nkind = "unknown"  # person, pipeline, controller, agent\nuser = {value(user)}'
        yield _setting(scope, "Change", "unknown-actor", f"no rule says what kind of actor {user} is", lines, watched)
    declared = (settings.checks.get("host-baseline") or {}).get("pools") or {}
    for pool in sorted({pool.ref.name for pool in facts.pools} - set(declared)):
        versions = {host.facts.get("kubelet_version", "") for host in facts.hosts if host.pool == pool}
        version = (versions.pop() if len(versions) == 1 else "") or "v1.…"
        lines = f"[checks.host-baseline.pools.{value(pool)}]\nkubelet_version = {value(version)}"
        reason = f"no baseline is declared for pool {pool}: that its hosts are alike is all that can be told"
        yield _setting(scope, "Host", "no-baseline", reason, lines, ("host-baseline",))


def _setting(scope: str, noun: str, code: str, reason: str, lines: str, blind: tuple[str, ...]) -> Missing:
    gap = Gap(scope=scope, noun=noun, code=code, required=False, reason=reason, mend="add to auditor.toml")
    return Missing(gap=gap, checks=blind, settings=lines)


def diagnosis(source: str, account: Account | None, missing: list[Missing]) -> Diagnosis:
    """All of it, what is required first."""
    rights = [row.right for row in missing if row.right]
    ordered = tuple(sorted(missing, key=lambda row: (not row.gap.required, not row.right)))
    return Diagnosis(
        source=source, account=account, missing=ordered, manifest=manifest(rights, account) if rights else ""
    )
