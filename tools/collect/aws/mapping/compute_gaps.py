"""What could not be told of servers and their groups, beside the calls that failed: as gaps.

A gap of one group does not stand over the others: its noun is what only a group has (`Group`, `Boot`), and what is
asked of the group itself raises, because nothing answers.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from tools.collect.aws import reads_compute as reads
from tools.collect.aws.answers import Answers
from tools.collect.aws.mapping.groups import KIND
from tools.collect.aws.mapping.releases import Made
from tools.collect.aws.mapping.told import was_told
from tools.model.observation import Gap

_MENDS = {
    "not-found": "name a version that is there: what the group would launch is gone",
    "not-recorded": "record aws ec2 describe-launch-templates and describe-launch-template-versions too",
}


def of_groups(scope: str, made: dict[str, Made]) -> Iterator[Gap]:
    """Groups whose current release can't be told, by the reason; and user data that can't be read."""
    problems: dict[str, list[str]] = defaultdict(list)
    unread: list[str] = []
    for name in sorted(made):
        problem = made[name].problem
        if problem is not None:
            problems[problem.code].append(f"{KIND}/{name}: {problem.reason}")
        unread += made[name].unread
    for code, told in sorted(problems.items()):
        yield Gap(
            scope=scope,
            noun="Group",
            kind=KIND,
            code=code,
            reason=f"which release a group launches can't be told: {_first(told)}",
            mend=_MENDS.get(code, ""),
            count=len(told),
            required=False,
        )
    if unread:
        reason = f"user data can't be read: {_first(sorted(set(unread)))}"
        yield Gap(scope=scope, noun="Boot", code="broken", reason=reason, count=len(set(unread)), required=False)


def of_keepers(scope: str, kept: Counter[str], gone: Counter[str]) -> Iterator[Gap]:
    """Instances that something keeps that is not read, by its kind; and those of groups that were not among the
    answered."""
    for kind, count in sorted(kept.items()):
        yield Gap(
            scope=scope,
            noun="Workload",
            kind=kind,
            code="not-read-yet",
            reason=f"{kind} is not read; it keeps {count} instances",
            count=count,
            required=False,
        )
    if gone:
        names = _first([f"{name} ({count})" for name, count in sorted(gone.items())])
        yield Gap(
            scope=scope,
            noun="Workload",
            kind=KIND,
            code="dangling",
            reason=f"instances name a group that was not among those read: {names}",
            mend="look again: a group may have gone between two calls",
            count=sum(gone.values()),
            required=False,
        )


def of_members(answers: Answers, dangling: list[str]) -> Iterator[Gap]:
    """Members of groups that are not among the instances, where all were read."""
    if dangling and was_told(answers, reads.INSTANCES):
        yield Gap(
            scope=answers.scope,
            noun="Instance",
            code="dangling",
            reason=f"groups list members that were not among the instances read: {_first(dangling)}",
            mend="look again: they may have been launched, or ended, between two calls",
            count=len(dangling),
            required=False,
        )


def _first(told: list[str]) -> str:
    return told[0] + (f", and {len(told) - 1} more" if len(told) > 1 else "")
