"""What `auditor init` finds when it looks around: contexts, rights, registries, pools, audit logs, GitOps."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from tools.collect.kubernetes.access import Account, reading, refusal, whoami
from tools.collect.kubernetes.api import ApiFailure, connect
from tools.collect.kubernetes.contexts import Context, contexts, gitops
from tools.collect.sources import collect, parse_source
from tools.errors import SourceError
from tools.model.facts import Facts

LOGS = ("/var/log/kubernetes/audit", "/var/log/kubernetes/audit.log", "/var/log/kube-apiserver/audit.log",
        "/var/log/apiserver/audit.log", "/var/lib/rancher/k3s/server/logs/audit.log")  # fmt: skip
POLICIES = (
    "/etc/kubernetes/audit-policy.yaml",
    "/etc/kubernetes/audit/policy.yaml",
    "/etc/kubernetes/policies/audit-policy.yaml",
)
"""Where API servers of the usual installers write their audit log, and read their policy."""
SHARED = ("kubelet_version", "os_image")
"""What of a pool's hosts a baseline is written of, where all of them agree."""


class Pool(msgspec.Struct, frozen=True):
    """A pool, how many hosts it has, and what all of them report alike."""

    name: str
    hosts: int
    alike: tuple[tuple[str, str], ...] = ()


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What was found. `problem` says why the source itself was not read; `lacking` are rights that its account lacks
    (`unknown` where the cluster did not say)."""

    source: str = ""
    kubeconfig: str = ""
    contexts: tuple[Context, ...] = ()
    account: Account | None = None
    lacking: tuple[str, ...] = ()
    registries: tuple[str, ...] = ()
    pools: tuple[Pool, ...] = ()
    logs: tuple[str, ...] = ()
    policy: str = ""
    gitops: tuple[str, ...] = ()
    problem: str = ""


def look(source: str, kubeconfig: str, context: str, say: Callable[[str], None]) -> Found:
    """Look around. Raises `SourceError` where what was named can't be used; what was only looked for may be missing."""
    logs = tuple(path for path in LOGS if _readable(path))
    policy = next((path for path in POLICIES if _readable(path)), "")
    if source and not source.startswith("kubernetes:"):
        facts = collect(parse_source(source), say)
        return Found(source=source, registries=registries(facts), pools=pools(facts))
    chosen = context or source.removeprefix("kubernetes:")
    say("asking the contexts of the kubeconfig")
    try:
        known = tuple(contexts(kubeconfig, chosen))
    except SourceError as error:
        if kubeconfig or chosen:
            raise
        return Found(logs=logs, policy=policy, problem=str(error))
    base = Found(kubeconfig=kubeconfig, contexts=known, logs=logs, policy=policy)
    current = next((one for one in known if one.current), None)
    if current is None:
        return msgspec.structs.replace(base, problem="the kubeconfig has no current context")
    base = msgspec.structs.replace(base, source=f"kubernetes:{current.name}", problem=current.problem)
    return base if current.problem else _inside(base, current.name, say)


def _readable(path: str) -> bool:
    return Path(path).exists() and os.access(path, os.R_OK)


def _inside(base: Found, context: str, say: Callable[[str], None]) -> Found:
    """What the cluster itself shows to this account."""
    api = connect(base.kubeconfig, context)
    try:
        account = whoami(api)
    except ApiFailure as failure:
        if failure.status in (0, 401):
            return msgspec.structs.replace(base, problem=str(failure))
        account = None
    lacking = []
    for right in reading():
        try:
            if refusal(api, right):
                lacking.append(str(right))
        except ApiFailure:
            lacking.append(f"{right} (unknown)")
    facts = collect(parse_source(base.source, base.kubeconfig), say)
    return msgspec.structs.replace(
        base, account=account, lacking=tuple(lacking), registries=registries(facts), pools=pools(facts),
        gitops=tuple(gitops(api)),
    )  # fmt: skip


def registries(facts: Facts) -> tuple[str, ...]:
    """The registries that containers name their images in."""
    return tuple(sorted({registry_of(c.image) for one in facts.instances for c in one.containers if c.image}))


def registry_of(image: str) -> str:
    """The registry of an image reference: what is before the first slash, where that can be a host; else docker.io."""
    host, slash, _ = image.partition("/")
    return host if slash and ("." in host or ":" in host or host == "localhost") else "docker.io"


def pools(facts: Facts) -> tuple[Pool, ...]:
    """The pools, with what their hosts report alike."""
    made = []
    for name in sorted({pool.ref.name for pool in facts.pools}):
        hosts = [host for host in facts.hosts if host.pool == name]
        values = {fact: {host.facts.get(fact, "") for host in hosts} for fact in SHARED}
        alike = tuple((fact, min(seen)) for fact, seen in values.items() if len(seen) == 1 and "" not in seen)
        made.append(Pool(name, len(hosts), alike))
    return tuple(made)
