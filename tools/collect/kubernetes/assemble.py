"""Puts the facts of one scope together, live or recorded, with all that could not be seen."""

from __future__ import annotations

from tools.collect.kubernetes import gaps
from tools.collect.kubernetes.decode import Decoded
from tools.collect.kubernetes.mapping import Mapping
from tools.model.facts import Facts
from tools.model.identity import Scope
from tools.model.observation import Gap


def assemble(moment: str, scope: Scope, mapping: Mapping, decoded: Decoded, failures: list[Gap]) -> Facts:
    """The facts of one scope, with all that it could not see. A kind whose list failed makes no dangling relations
    of its own: the failure is the reason."""
    failed = {(gap.noun, gap.kind) for gap in failures}
    broken = {gap.noun for gap in failures if not gap.kind}
    others = [
        *gaps.of_decoding(scope.id, decoded),
        *(
            gap
            for gap in gaps.of_relations(scope.id, mapping, decoded)
            if gap.code != "dangling" or not ((gap.noun, gap.kind) in failed or gap.noun in broken)
        ),
    ]
    return Facts(
        moment=moment,
        scopes=(scope,),
        workloads=tuple(sorted(mapping.workloads.values(), key=lambda w: w.ref)),
        releases=tuple(mapping.releases),
        instances=tuple(mapping.instances),
        hosts=tuple(mapping.hosts),
        pools=tuple(mapping.pools()),
        budgets=tuple(mapping.budgets),
        changes=tuple(mapping.changes),
        gaps=tuple(sorted({*failures, *others})),
    )
