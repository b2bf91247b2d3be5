"""Puts the facts of one account and region together, live or recorded, with all that could not be seen."""

from __future__ import annotations

from collections.abc import Iterable

from tools.collect.actors import Actors
from tools.collect.aws import gaps
from tools.collect.aws.answers import Answers
from tools.collect.aws.changes import gathering
from tools.collect.aws.changes.trail import Trail
from tools.collect.aws.mapping import access, said
from tools.collect.aws.mapping.compute import compute
from tools.collect.aws.pointers import POINTERS
from tools.collect.trust import TrustedKey
from tools.model.facts import Facts
from tools.model.identity import Scope
from tools.model.observation import Gap


def assemble(
    answers: Answers,
    name: str,
    actors: Actors,
    trail: Trail | None = None,
    missing: tuple[Gap, ...] = (),
    stable: bool = True,
    keys: Iterable[TrustedKey] = (),
) -> Facts:
    """The facts of one scope. `missing` is what a recording lacks; `trail` the log files that go with it, `keys` those
    whose signature of a statement counts."""
    made = compute(answers)
    acts = gathering.of(answers, made, actors, trail)
    accesses, unseen = access.of(answers, made)
    attestations, unsaid = said.of(answers, made, keys)
    scope = Scope(id=answers.scope, name=name, kind="aws", stable=stable, recorded=answers.recorded, pointers=POINTERS)
    found = {*gaps.of_failures(answers), *missing, *made.gaps, *acts.gaps, *unseen, *unsaid}
    return Facts(
        moment=answers.moment,
        scopes=(scope,),
        workloads=made.workloads,
        releases=made.releases,
        instances=made.instances,
        artifacts=made.artifacts,
        volumes=made.volumes,
        changes=acts.changes,
        watches=acts.watches,
        accesses=accesses,
        attestations=attestations,
        gaps=tuple(sorted(found)),
    )
