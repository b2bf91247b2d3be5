"""All hosts of a pool run the image that the pool's baseline declares.

**Why.** Hosts of one pool are made from one machine image. A kubelet, kernel or runtime of another version is
a host that was upgraded in place, missed a replacement, or was made from something else.

**What is examined.** What each node reports of itself (`status.nodeInfo`): kubelet, kernel, OS image,
container runtime, architecture. The baseline is declared in `auditor.toml`:

    [checks.host-baseline.pools.workers]
    kubelet_version = "v1.36.3"

A pool is the value of a well-known node group label, else the node's role, else `default`.

**How to fix.** Cordon the host, let its instances move, replace it from the pool's image. If most of a pool
differs from the baseline, suspect the baseline.

**Limits.** Without a declared baseline, a pool whose hosts all agree passes and one whose hosts differ is
inconclusive: nothing says which of them is right. So is a pool without a baseline while one is declared for a
pool that no host is in: the name may be misspelt. One host alone agrees with nobody. A node's own report is not
an attestation.
"""

from __future__ import annotations

import msgspec

from tools.check import View, Violation, Violations, check
from tools.model.nouns import HOST_FACTS, Host, Pool
from tools.model.observation import NotApplicable, NotObserved


class Baseline(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What hosts of a pool must report; a field that is left out is not compared."""

    architecture: str | None = None
    container_runtime_version: str | None = None
    kernel_version: str | None = None
    kubelet_version: str | None = None
    operating_system: str | None = None
    os_image: str | None = None


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`pools` maps a pool's name to its baseline."""

    pools: dict[str, Baseline] = {}


@check(Pool, severity="high", principle="no-drift", settings=Settings)
def examine(pool: Pool, view: View) -> Violations:
    """A violation for each fact of each host that differs from the declared baseline."""
    declared = view.settings(Settings).pools.get(pool.ref.name)
    if declared is None:
        _all_alike(pool, view)
        return
    wanted = {k: v for k, v in msgspec.structs.asdict(declared).items() if v is not None}
    if not wanted:
        raise NotApplicable("its declared baseline is empty")
    silent: NotObserved | None = None
    for host in view.hosts_of(pool):
        for fact, value in sorted(wanted.items()):
            try:
                differs = host.fact(fact) != value
            except NotObserved as missing:  # the others are judged all the same
                silent = missing
                continue
            if differs:
                yield Violation(
                    f"other-{fact.replace('_', '-')}",
                    f"{fact} is not the pool's declared {value!r}",
                    [(host, fact)],
                    on=host,
                    remedy="cordon",
                )
    if silent is not None:
        raise silent


def _all_alike(pool: Pool, view: View) -> None:
    """Return where all hosts of a pool without a baseline agree; else raise why that can't be said."""
    stray = sorted(set(view.settings(Settings).pools) - {other.ref.name for other in view.seen(Pool)})
    if stray:
        told = f"it has no declared baseline, and no host is in the pool that one is declared for: {', '.join(stray)}"
        raise NotObserved(told, "no-such-pool", f"is {pool.ref.name!r} meant? correct the name in auditor.toml")
    hosts: list[Host] = list(view.hosts_of(pool))
    mend = f"declare [checks.host-baseline.pools.{pool.ref.name}] in auditor.toml"
    if len(hosts) < 2:
        raise NotObserved("no baseline is declared, and one host alone has nothing to agree with", "no-baseline", mend)
    for fact in HOST_FACTS:
        values = sorted({host.fact(fact) for host in hosts})
        if len(values) > 1:
            raise NotObserved(
                f"no baseline is declared, and its hosts differ in {fact}: {', '.join(values)}", "hosts-differ", mend
            )
