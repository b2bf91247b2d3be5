"""Actors: what kind of actor a user is, by ordered rules; the first that matches decides.

Names are those of Kubernetes' authenticators: `system:` is reserved for Kubernetes itself, service accounts are
`system:serviceaccount:NAMESPACE:NAME`, and every other name is a normal user, for whom the API has no object. Such a
user is taken for a person, unless a rule of `auditor.toml` says that it is a pipeline's (`[[actors]]`).
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

import msgspec

from tools.model.change import Actor, ActorKind

_ACCOUNT = "system:serviceaccount:"


class Rule(msgspec.Struct, frozen=True):
    """One rule: the kind of the users whose name, one of whose groups and whose user agent match these patterns
    (`*` stands for any text, an empty pattern for anything). The user agent is the client's own claim."""

    kind: ActorKind
    user: str = ""
    group: str = ""
    agent: str = ""

    def __str__(self) -> str:
        told = [f"{key} {value}" for key in ("user", "group", "agent") if (value := getattr(self, key))]
        return f"{', '.join(told)} is {self.kind}"

    def matches(self, user: str, groups: Sequence[str], agent: str) -> bool:
        """Whether every pattern of the rule matches."""
        return (
            (not self.user or fnmatchcase(user, self.user))
            and (not self.group or any(fnmatchcase(group, self.group) for group in groups))
            and (not self.agent or fnmatchcase(agent, self.agent))
        )


DEFAULTS: tuple[Rule, ...] = (
    *(
        Rule("controller", user)
        for user in (
            "system:node:*",
            "system:kube-*",
            "system:apiserver",
            f"{_ACCOUNT}kube-system:*",
            f"{_ACCOUNT}argocd:argocd-*",
            f"{_ACCOUNT}argo-rollouts:argo-rollouts*",
            f"{_ACCOUNT}flux-system:*",
        )
    ),
    *(
        Rule("pipeline", f"{_ACCOUNT}{namespace}:*")
        for namespace in ("arc-runners", "gitlab-runner", "tekton-pipelines", "jenkins")
    ),
    Rule("auditor", f"{_ACCOUNT}auditor:auditor-actor"),
    Rule("unknown", f"{_ACCOUNT}*"),
    Rule("unknown", "system:*"),
    Rule("person", "?*"),
)
"""What holds where `auditor.toml` says nothing else."""

SERVICES = ("autoscaling", "cloudformation", "codedeploy", "ec2fleet", "ecs", "eks", "elasticbeanstalk", "spotfleet")
"""The services that keep servers as something declares it: what one of them does for a caller is a controller's act.
(What Systems Manager or CloudShell does for a person is that person's.)"""
PIPELINES = (
    "token.actions.githubusercontent.com*",
    "gitlab.*",
    "oidc.circleci.com*",
    "agent.buildkite.com",
    "api.bitbucket.org*",
    "app.terraform.io",
    "vstoken.dev.azure.com*",
)
"""The OIDC providers of build services, as a role's trust names them."""

AWS_DEFAULTS: tuple[Rule, ...] = (
    *(Rule("controller", group=f"invoked-by:{service}.amazonaws.com") for service in SERVICES),
    Rule("controller", group="type:AWSService"),
    Rule("controller", "arn:aws*:iam::*:role/aws-service-role/*"),
    *(Rule("pipeline", group=f"federated:*oidc-provider/{provider}") for provider in PIPELINES),
    *(Rule("person", group=f"type:{kind}") for kind in ("Root", "IAMUser", "IdentityCenterUser", "FederatedUser")),
    *(Rule("person", group=f"type:{kind}") for kind in ("SAMLUser", "WebIdentityUser")),
    Rule("person", "arn:aws*:sts::*:assumed-role/AWSReservedSSO_*"),
    Rule("person", group="console"),
    Rule("person", group="mfa"),
    Rule("unknown", "?*"),
)
"""The same for AWS, whose identities are `userIdentity` of CloudTrail. The name is the ARN (of a role without its
session, but where the session names a person); the groups are what the event says besides: `type:AssumedRole`,
`invoked-by:SERVICE`, `federated:PROVIDER`, `session:NAME`, `source:IDENTITY`, `console` (credentials of a console
session) and `mfa`. A role that nothing else tells of is of no known kind: anybody may assume it."""


class Actors(msgspec.Struct, frozen=True):
    """The rules of one installation: its own first, then the defaults."""

    rules: tuple[Rule, ...] = ()

    def kind_of(
        self, user: str, groups: Sequence[str] = (), agent: str = "", defaults: tuple[Rule, ...] = DEFAULTS
    ) -> tuple[ActorKind, str]:
        """The kind of a user, and the rule that says so; `defaults` are those of where the name comes from."""
        if not user:
            return "unknown", "the event names no user"
        for rule in (*self.rules, *defaults):
            if rule.matches(user, groups, agent):
                return rule.kind, str(rule)
        return "unknown", "no rule matches"

    def actor(self, user: str, groups: Sequence[str] = (), agent: str = "") -> Actor:
        """Who made a request."""
        kind, rule = self.kind_of(user, groups, agent)
        return Actor(user, kind, rule)

    def impersonated(self, user: str, groups: Sequence[str], by: Actor) -> Actor:
        """Who made a request that `by` sent as another user. Whoever acts as a controller or as this auditor does not
        become one: the kind is then the impersonator's own."""
        kind, rule = self.kind_of(user, groups)
        if kind in ("controller", "auditor") and by.kind != kind:
            kind, rule = by.kind, f"impersonated by {by.name}: {by.rule}"
        return Actor(user, kind, rule, impersonator=by.name)
