"""CloudTrail as it writes events: in trail files, in digest files, and as text inside of LookupEvents' answers
(docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference.html). Only what is used is decoded."""

from __future__ import annotations

from typing import Any

import msgspec


class Head(msgspec.Struct, rename="camel", gc=False):
    """What tells whether an event is one of ours and worth reading: most are not."""

    event_name: str
    event_time: str
    event_id: str = msgspec.field(name="eventID", default="")
    event_source: str = ""
    aws_region: str = ""
    recipient_account_id: str = ""
    error_code: str | None = None
    read_only: bool | None = None


class Issuer(msgspec.Struct, rename="camel", gc=False):
    """`sessionContext.sessionIssuer`: the role, or the user, that the session's credentials came from."""

    type: str = ""
    arn: str = ""
    user_name: str = ""


class Federation(msgspec.Struct, rename="camel", gc=False):
    """`sessionContext.webIdFederationData`: the OIDC provider whose token was turned into the session."""

    federated_provider: str = ""


class Attributes(msgspec.Struct, rename="camel", gc=False):
    """`sessionContext.attributes`."""

    mfa_authenticated: str | bool = ""


class SessionContext(msgspec.Struct, rename="camel", gc=False):
    """`userIdentity.sessionContext`. `source_identity` is kept by every role that is assumed from there."""

    session_issuer: Issuer | None = None
    web_id_federation_data: Federation | None = None
    attributes: Attributes | None = None
    source_identity: str = ""


class Identity(msgspec.Struct, rename="camel", gc=False):
    """`userIdentity`: who made the request. `invoked_by` is the service that made it, for that identity."""

    type: str = ""
    arn: str = ""
    principal_id: str = ""
    account_id: str = ""
    user_name: str = ""
    invoked_by: str = ""
    identity_provider: str = ""
    session_context: SessionContext | None = None


class Event(msgspec.Struct, rename="camel", gc=False):
    """One event. `request_parameters` and `response_elements` are as the service defines them; texts that CloudTrail
    takes for secret read `HIDDEN_DUE_TO_SECURITY_REASONS`."""

    event_name: str
    event_time: str
    event_source: str = ""
    event_id: str = msgspec.field(name="eventID", default="")
    aws_region: str = ""
    recipient_account_id: str = ""
    user_identity: Identity = msgspec.field(default_factory=Identity)
    user_agent: str | None = ""
    error_code: str | None = None
    request_parameters: dict[str, Any] | None = None
    response_elements: dict[str, Any] | None = None
    session_credential_from_console: str | bool = ""


class Records(msgspec.Struct):
    """A trail's log file, whose events stay as they are until one is looked at; or saved answers of LookupEvents."""

    records: list[msgspec.Raw] | None = msgspec.field(name="Records", default=None)
    events: list[LookedUp] | None = msgspec.field(name="Events", default=None)


class DigestedFile(msgspec.Struct, rename="camel", gc=False):
    """`logFiles[]` of a digest: a log file that was delivered."""

    s3_object: str


class Digest(msgspec.Struct, rename="camel"):
    """A digest file: which log files a trail delivered in an hour, so that it shows which one is not there."""

    aws_account_id: str
    digest_start_time: str
    digest_end_time: str
    log_files: list[DigestedFile]
    digest_s3_object: str = ""


class LookedUp(msgspec.Struct, rename="pascal", gc=False):
    """`Events[]` of LookupEvents: the event itself is JSON text."""

    cloud_trail_event: str = ""
    event_id: str = ""
    event_time: str = ""


class Attribute(msgspec.Struct, rename="pascal", gc=False):
    """`LookupAttributes[]`: what was asked for."""

    attribute_key: str = ""
    attribute_value: str = ""


class Lookup(msgspec.Struct, frozen=True, rename="pascal"):
    """A page of LookupEvents, with what was asked for where that is kept with the answer: without `StartTime` nobody
    knows how far back its silence speaks."""

    events: tuple[LookedUp, ...] = ()
    start_time: str = ""
    end_time: str = ""
    lookup_attributes: tuple[Attribute, ...] = ()


head = msgspec.json.Decoder(Head)
event = msgspec.json.Decoder(Event)
records = msgspec.json.Decoder(Records)
digest = msgspec.json.Decoder(Digest)
