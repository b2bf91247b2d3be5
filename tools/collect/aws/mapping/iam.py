"""Who is allowed what, from the account's own policies: users and roles with their groups' policies and boundaries.

What is not in the account stays out: service control policies and resource control policies of the organization,
policies of a session, and the root user, whom no policy of the account binds. Nor is it followed what somebody could
let themselves do (`iam:PutUserPolicy`, `sts:AssumeRole`): a role is named for itself, and who may assume it beside it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Literal

from tools.collect.aws.mapping.iam_conditions import Known
from tools.collect.aws.mapping.iam_decide import Judge, Level, Policies, Principal, judge
from tools.collect.aws.mapping.iam_documents import Unreadable, statements
from tools.collect.aws.mapping.iam_trust import marks_of
from tools.collect.aws.wire.access import (
    AttachedPolicy,
    Authorization,
    Boundary,
    InlinePolicy,
    ManagedPolicy,
)

NOTES = {Level.UNREAD: "a policy of it was not read", Level.MAY: "under a condition"}
"""What is said beside a principal of whom it is not certain."""
UNREAD = Policies(unread=True)
Document = Literal["", "any", "shell"]
"""An SSM document that an action needs: none, any one (a command), or the default session's (a session)."""
_Apart = tuple[Principal, Judge, Level]


def partition_of(region: str) -> str:
    """The partition that a region is in, as ARNs name it."""
    for prefix, partition in (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("us-isob-", "aws-iso-b")):
        if region.startswith(prefix):
            return partition
    return "aws-iso" if region.startswith("us-iso-") else "aws"


class Iam:
    """The principals of an account, and what they may do to the instances of a region."""

    def __init__(self, principals: Iterable[Principal], account: str, region: str) -> None:
        self.principals = sorted(principals, key=lambda one: one.arn)
        partition = partition_of(region)
        self._instance = f"arn:{partition}:ec2:{region}:{account}:instance/"
        self._documents = f"arn:{partition}:ssm:{region}:*:document/*"
        self._shell = f"arn:{partition}:ssm:{region}:{account}:document/SSM-SessionManagerRunShell"
        self._known = {one.arn: _known(one, account, region) for one in self.principals}
        self._judged: dict[tuple[str, Document], tuple[list[str], list[_Apart]]] = {}
        self._same: dict[tuple[str, ...], tuple[str, ...]] = {}

    def may(self, action: str, instance: str, document: Document = "") -> tuple[str, ...]:
        """Who may do an action to an instance, each with what is to be said of it; some only with an SSM document that
        is allowed too."""
        alike, apart = self._judge(action, document)
        resource = self._instance + instance
        return self._told(alike, ((one, min(judge.level(resource), limit)) for one, judge, limit in apart))

    def may_any(self, action: str, instances: Collection[str]) -> tuple[str, ...]:
        """Who may do an action to any of some instances."""
        if not instances:
            return ()
        alike, apart = self._judge(action, "")
        resources = [self._instance + instance for instance in instances]
        return self._told(alike, ((one, max(map(judge.level, resources))) for one, judge, _ in apart))

    def _told(self, alike: list[str], apart: Iterable[tuple[Principal, Level]]) -> tuple[str, ...]:
        """All of them in words, sorted; the same ones as one tuple."""
        found = [told for one, level in apart if (told := _said(one, level))]
        who = tuple(sorted([*alike, *found])) if found else tuple(alike)
        return self._same.setdefault(who, who)

    def _judge(self, action: str, document: Document) -> tuple[list[str], list[_Apart]]:
        """Those of whom the same holds for every instance, judged once, and those of whom it may not."""
        if (action, document) not in self._judged:
            alike: list[str] = []
            apart: list[_Apart] = []
            every = self._instance + "*"
            for one in self.principals:
                judged = judge(one, action, self._known[one.arn])
                limit = self._limit(judged, document)
                if judged.particular(every):
                    apart.append((one, judged, limit))
                elif told := _said(one, min(judged.level(every), limit)):
                    alike.append(told)
            self._judged[action, document] = sorted(alike), apart
        return self._judged[action, document]

    def _limit(self, judged: Judge, document: Document) -> Level:
        """How far the documents let somebody go. Whether a default session's is asked for is not the same in every
        account (`ssm:SessionDocumentAccessCheck`), so that one who lacks it alone may be let in."""
        if document == "any":
            return judged.level(self._documents)
        return Level.YES if not document or judged.level(self._shell) is Level.YES else Level.MAY


def _known(one: Principal, account: str, region: str) -> Known:
    """What of a request of a principal is known beforehand."""
    return {
        "aws:requestedregion": region,
        "aws:principalarn": one.arn,
        "aws:principalaccount": account,
        "aws:resourceaccount": account,
        "aws:securetransport": "true",
        "aws:username": one.user or None,
    }


def _said(one: Principal, level: Level) -> str:
    """A principal's ARN, with what is to be said of it in brackets; empty where it is not allowed."""
    if level < Level.UNREAD:
        return ""
    notes = [*one.marks, *([NOTES[level]] if level in NOTES else [])]
    return f"{one.arn} ({'; '.join(notes)})" if notes else one.arn


def principals(pages: Collection[Authorization], account: str) -> Iterator[Principal]:
    """The users and roles of an account's authorization details (whose lists may be on several pages)."""
    managed = {policy.arn: _read([_in_force(policy)]) for page in pages for policy in page.policies}
    groups = {group.group_name: group for page in pages for group in page.group_detail_list}
    for user in (user for page in pages for user in page.user_detail_list):
        parts = [_held(user.user_policy_list, user.attached_managed_policies, managed)]
        for name in user.group_list:
            group = groups.get(name)
            known = _held(group.group_policy_list, group.attached_managed_policies, managed) if group else UNREAD
            parts.append(known)
        boundary = _boundary(user.permissions_boundary, managed)
        yield Principal(arn=user.arn, user=user.user_name, identity=_together(parts), boundary=boundary)
    for role in (role for page in pages for role in page.role_detail_list):
        yield Principal(
            arn=role.arn,
            identity=_held(role.role_policy_list, role.attached_managed_policies, managed),
            boundary=_boundary(role.permissions_boundary, managed),
            marks=marks_of(role, account),
        )


def _held(
    inline: Iterable[InlinePolicy], attached: Iterable[AttachedPolicy], managed: Mapping[str, Policies]
) -> Policies:
    own = _read(policy.policy_document for policy in inline)
    return _together([own, *(managed.get(policy.policy_arn, UNREAD) for policy in attached)])


def _boundary(boundary: Boundary | None, managed: Mapping[str, Policies]) -> Policies | None:
    return managed.get(boundary.permissions_boundary_arn, UNREAD) if boundary else None


def _in_force(policy: ManagedPolicy) -> str | dict[str, Any]:
    """The document of a managed policy's default version; empty, and so unreadable, where it is not there."""
    versions = policy.policy_version_list
    found = (one for one in versions if one.is_default_version or one.version_id == policy.default_version_id)
    return next((one.document for one in found), "")


def _read(documents: Iterable[str | dict[str, Any]]) -> Policies:
    parts = []
    for document in documents:
        try:
            parts.append(Policies(statements(document)))
        except Unreadable:
            parts.append(UNREAD)
    return _together(parts)


def _together(parts: Collection[Policies]) -> Policies:
    every = tuple(statement for part in parts for statement in part.statements)
    return Policies(every, any(part.unread for part in parts))
