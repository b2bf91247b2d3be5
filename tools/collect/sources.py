"""Sources: what `scheme:rest` or a path on the command line means, and the facts that are read from it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from tools.collect.actors import Actors, Rule
from tools.collect.aws.options import Options
from tools.collect.trust import TrustedKey
from tools.errors import UsageError
from tools.model.facts import Facts

SCHEMES = ("kubernetes", "aws")


class AuditLog(msgspec.Struct, frozen=True):
    """An audit log that was named: its files or folders, the API server's audit policy, and the interval (RFC 3339)
    that it is declared to cover; empty what was not said."""

    paths: tuple[str, ...] = ()
    policy: str = ""
    since: str = ""
    until: str = ""


class Source(msgspec.Struct, frozen=True):
    """One source of evidence: a live cluster's context (empty: the current one), an account and region (`aws`), or a
    path to a recording; with the audit log that goes with it, and the rules that tell its actors apart."""

    context: str = ""
    kubeconfig: str = ""
    path: str = ""
    timeout: float = 30.0
    log: AuditLog = AuditLog()
    actors: tuple[Rule, ...] = ()
    aws: Options | None = None
    trust: tuple[TrustedKey, ...] = ()

    @property
    def live(self) -> bool:
        """Whether it is a cluster or an account that answers now."""
        return not self.path


def parse_source(
    text: str,
    kubeconfig: str = "",
    timeout: float = 30.0,
    log: AuditLog = AuditLog(),  # noqa: B008 (frozen)
    actors: tuple[Rule, ...] = (),
    aws: Options = Options(),  # noqa: B008 (frozen)
    trust: tuple[TrustedKey, ...] = (),
) -> Source:
    """`kubernetes:CONTEXT` (empty: the current one), `aws:PROFILE@REGION` (either may be empty: boto3's default), or a
    path; `aws` is how AWS is asked, `trust` are the keys that verify signed statements. Raises `UsageError`."""
    scheme, colon, rest = text.partition(":")
    if colon and scheme == "kubernetes":
        return Source(context=rest, kubeconfig=kubeconfig, timeout=timeout, log=log, actors=actors)
    if colon and scheme == "aws":
        profile, _, region = rest.rpartition("@") if "@" in rest else (rest, "", "")
        options = msgspec.structs.replace(aws, profile=profile, region=region, timeout=timeout)
        return Source(timeout=timeout, log=log, actors=actors, aws=options, trust=trust)
    if Path(text).exists():
        return Source(path=text, log=log, actors=actors, trust=trust)
    if colon and scheme.isalpha() and len(scheme) > 1:
        raise UsageError(f"there is no kind of source called {scheme!r}", f"known: {', '.join(SCHEMES)}, or a path")
    raise UsageError(
        f"{text} does not exist",
        mend="name a recorded list, a folder of them, kubernetes:CONTEXT or aws:PROFILE@REGION",
    )


def collect(source: Source, progress: Callable[[str], None] = lambda _: None) -> Facts:
    """Read a source and its audit log. Raises `SourceError` where it can't be opened at all; what is missing in it is a
    gap."""
    if source.aws is not None:
        from tools.collect.aws import live as account

        log = source.log
        return account.collect(
            source.aws,
            Actors(source.actors),
            progress,
            [Path(path) for path in log.paths],
            log.since,
            log.until,
            source.trust,
        )
    if source.live:
        from tools.collect.kubernetes import live
        from tools.collect.kubernetes.api import connect

        facts = live.collect(connect(source.kubeconfig, source.context, source.timeout), progress)
        return with_log(facts, source, progress)
    from tools.collect import recorded

    return recorded.collect(source, progress)


def with_log(
    facts: Facts, source: Source, progress: Callable[[str], None], leave: frozenset[Path] = frozenset()
) -> Facts:
    """The facts with the audit log that was named, else with the one that the recording's folder holds; but for the
    files to `leave`, which are of another kind."""
    from tools.collect.kubernetes.auditlog.attach import attach
    from tools.collect.kubernetes.auditlog.find import find

    logs, policies = [Path(path) for path in source.log.paths], [Path(source.log.policy)] if source.log.policy else []
    logs = [path for path in logs if path not in leave]
    if not source.live and Path(source.path).is_dir():
        found = find(Path(source.path))
        logs, policies = logs or found.logs, policies or found.policies
    if not logs:
        if source.log.policy:
            raise UsageError("an audit policy was given without an audit log", mend="give one with --audit-log")
        return facts
    if len(policies) > 1:
        raise UsageError(
            f"{source.path} holds {len(policies)} audit policies",
            ", ".join(str(policy) for policy in policies),
            "name the API server's with --audit-policy",
        )
    progress("reading the audit log")
    policy = policies[0] if policies else None
    return attach(facts, logs, policy, Actors(source.actors), source.log.since, source.log.until)


def _dated(part: Facts) -> Facts:
    """Facts whose scopes say when each was looked at: one moment of several recordings would judge the older ones by
    the newest one's clock."""
    scopes = tuple(msgspec.structs.replace(scope, moment=scope.moment or part.moment) for scope in part.scopes)
    return msgspec.structs.replace(part, scopes=scopes)


def merge(parts: list[Facts]) -> Facts:
    """The facts of several scopes as one. Raises `UsageError` where two of them are the same scope."""
    if len(parts) == 1:
        return parts[0]
    parts = [_dated(part) for part in parts]
    scopes = [scope for part in parts for scope in part.scopes]
    if len({scope.id for scope in scopes}) < len(scopes):
        aws = any(s.kind == "aws" and sum(t.id == s.id for t in scopes) > 1 for s in scopes)
        what = "account and region" if aws else "cluster"
        raise UsageError(f"two of the sources are the same {what}", ", ".join(f"{s.name}: {s.id}" for s in scopes))
    names = [name for name in Facts.__struct_fields__ if name != "moment"]
    joined = {name: tuple(thing for part in parts for thing in getattr(part, name)) for name in names}
    return Facts(moment=max(part.moment for part in parts), **joined)
