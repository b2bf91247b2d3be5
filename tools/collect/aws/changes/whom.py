"""Who made a request, as CloudTrail's `userIdentity` proves it, and with which tool, as the user agent claims it."""

from __future__ import annotations

import re

from tools.collect.actors import AWS_DEFAULTS, Actors
from tools.collect.aws.wire.cloudtrail import Event, Identity
from tools.model.change import Actor

CONSOLE = "aws-console"
INTERNAL = "AWS Internal"
"""How CloudTrail names a part of AWS that it does not tell of."""
_SSO = re.compile(r":assumed-role/AWSReservedSSO_")
_CONSOLE = re.compile(
    r"Mozilla/|console\.amazonaws\.com|signin\.amazonaws\.com|console\.[\w.-]*amazonaws\.com|S3Console|"
    r"EC2ConsoleBackend|AutoScalingConsole|AWSConsole|aws-internal.*console",
    re.IGNORECASE,
)
_NAMED = (
    re.compile(r"\b(OpenTofu/\S+)"),
    re.compile(r"\b(Terraform/\S+)"),
    re.compile(r"\b(HashiCorp/\S+)"),
    re.compile(r"\b(Pulumi/\S+)"),
    re.compile(r"\b(aws-cdk[\w-]*(?:/\S+)?)", re.IGNORECASE),
    re.compile(r"\b(aws-sam-cli/\S+)"),
    re.compile(r"\b(cloudformation)\.amazonaws\.com"),
    re.compile(r"\b(cluster-autoscaler(?:/\S+)?)"),
    re.compile(r"\b(karpenter[\w.-]*(?:/\S+)?)"),
    re.compile(r"\b(Ansible/\S+)"),
)
"""What names the tool wherever it stands in the user agent, before the SDK that it is built on is looked at."""
_LONGEST = 80


def actor_of(event: Event, rules: Actors) -> Actor:
    """Who made a request. A service that made it for somebody else's identity is named as the one behind it."""
    who = event.user_identity
    name = name_of(who)
    kind, rule = rules.kind_of(name, groups_of(event), event.user_agent or "", AWS_DEFAULTS)
    behind = who.invoked_by if who.invoked_by not in (name, INTERNAL) else ""
    return Actor(name, kind, rule, impersonator=behind)


def owner(arn: str, rules: Actors) -> Actor:
    """Who an ARN of a service's own record is (a session's owner): what CloudTrail says besides is not there."""
    parts = arn.split(":", 5)
    resource = parts[5] if len(parts) == 6 else ""
    type_ = {"user": "IAMUser", "root": "Root", "assumed-role": "AssumedRole"}.get(resource.partition("/")[0], "")
    if type_ == "AssumedRole" and not _SSO.search(arn):
        arn = f"arn:{parts[1]}:iam::{parts[4]}:role/{resource.split('/')[1]}"
    kind, rule = rules.kind_of(arn, (f"type:{type_}",) if type_ else (), "", AWS_DEFAULTS)
    return Actor(arn, kind, rule)


def name_of(who: Identity) -> str:
    """The name: an ARN where there is one. Sessions of a role are one name, for each has another; under IAM Identity
    Center the session is the person."""
    issuer = who.session_context.session_issuer if who.session_context else None
    if who.type == "AssumedRole" and issuer and issuer.arn and not _SSO.search(who.arn):
        return issuer.arn
    return who.arn or who.invoked_by or who.user_name or who.principal_id


def groups_of(event: Event) -> tuple[str, ...]:
    """What the event says of the identity besides its name, for the rules."""
    who = event.user_identity
    context = who.session_context
    told = [f"type:{who.type}" if who.type else "", f"invoked-by:{who.invoked_by}" if who.invoked_by else ""]
    told.append(f"session:{session_of(who)}" if session_of(who) else "")
    if context is not None:
        provider = context.web_id_federation_data.federated_provider if context.web_id_federation_data else ""
        told += [f"federated:{provider}"] if provider else []
        told += [f"source:{context.source_identity}"] if context.source_identity else []
        told += ["mfa"] if context.attributes and _true(context.attributes.mfa_authenticated) else []
    elif who.identity_provider:
        told.append(f"federated:{who.identity_provider}")
    told += ["console"] if _true(event.session_credential_from_console) else []
    return tuple(text for text in told if text)


def session_of(who: Identity) -> str:
    """The name of a role's session: whoever assumes the role chooses it, unless its trust says what it must be."""
    return who.arn.rpartition("/")[2] if who.type == "AssumedRole" and ":assumed-role/" in who.arn else ""


def note_of(event: Event) -> str:
    """What is worth saying of the session: its name where the actor's does not hold it, and its source identity."""
    who = event.user_identity
    session = session_of(who)
    told = [f"session {session}"] if session and not name_of(who).endswith(session) else []
    if who.session_context is not None and who.session_context.source_identity:
        told.append(f"source identity {who.session_context.source_identity}")
    return ", ".join(told)


def tool_of(event: Event) -> str:
    """The tool, by the user agent: a claim. The console's own credentials are not."""
    behind = event.user_identity.invoked_by.removesuffix(".amazonaws.com")
    agent = (event.user_agent or "").strip("[] ")
    if behind and behind != INTERNAL:
        return behind
    for pattern in _NAMED:
        if found := pattern.search(agent):
            return found[1][:_LONGEST]
    if _true(event.session_credential_from_console) or _CONSOLE.search(agent):
        return CONSOLE
    if agent == INTERNAL:
        return agent
    first = agent.partition(" ")[0]
    return first[:_LONGEST]


def _true(value: str | bool) -> bool:
    return value is True or value == "true"
