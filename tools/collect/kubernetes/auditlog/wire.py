"""The audit log on the wire: `audit.k8s.io/v1` Event, EventList and Policy, only the fields that are used.

Every line is decoded as a `Head`; only those of acts again as an `Event`, whose bodies stay raw until they are needed.
"""

from __future__ import annotations

from typing import Literal

import msgspec

GROUP = "audit.k8s.io/"
Level = Literal["None", "Metadata", "Request", "RequestResponse"]


class Target(msgspec.Struct, gc=False, rename="camel"):
    """What every line says of its object (`objectRef`)."""

    resource: str | None = ""
    subresource: str | None = ""
    api_group: str | None = ""
    namespace: str | None = ""
    name: str | None = ""
    uid: str | None = ""


class Head(msgspec.Struct, gc=False, rename="camel"):
    """What is read of every line."""

    kind: str = ""
    api_version: str = ""
    stage: str = ""
    verb: str = ""
    request_received_timestamp: str = ""
    stage_timestamp: str = ""
    object_ref: Target | None = None


class ObjectRef(msgspec.Struct, gc=False, rename="camel"):
    """`objectRef`: what the request was for. The uid is there where the request's body named it."""

    namespace: str = ""
    name: str = ""
    uid: str = ""


class User(msgspec.Struct, gc=False, rename="camel"):
    """`user` and `impersonatedUser` (authentication/v1 UserInfo)."""

    username: str = ""
    groups: list[str] | None = None


class Status(msgspec.Struct, gc=False):
    """`responseStatus`: only the HTTP code."""

    code: int = 0


class Event(msgspec.Struct, gc=False, rename="camel"):
    """What is read of an act. The bodies are there at the levels Request and RequestResponse."""

    audit_id: str = msgspec.field(name="auditID", default="")
    level: str = ""
    stage: str = ""
    verb: str = ""
    request_uri: str = msgspec.field(name="requestURI", default="")
    user: User | None = None
    impersonated_user: User | None = None
    user_agent: str = ""
    object_ref: ObjectRef | None = None
    response_status: Status | None = None
    request_object: msgspec.Raw = msgspec.Raw()
    response_object: msgspec.Raw = msgspec.Raw()


class Owner(msgspec.Struct, gc=False, rename="camel"):
    """One of `metadata.ownerReferences`."""

    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool | None = None


class Meta(msgspec.Struct, gc=False, rename="camel"):
    """`metadata` of a body."""

    name: str | None = ""
    generate_name: str | None = ""
    uid: str | None = ""
    generation: int | None = 0
    annotations: dict[str, str | None] | None = None
    owner_references: list[Owner] | None = None


class Preconditions(msgspec.Struct, gc=False, rename="camel"):
    """`preconditions` of DeleteOptions: the object's uid, without which the server refuses."""

    uid: str | None = ""


class DeleteOptions(msgspec.Struct, gc=False, rename="camel"):
    """`deleteOptions` of an Eviction."""

    dry_run: list[str] | None = None
    preconditions: Preconditions | None = None


class Body(msgspec.Struct, gc=False, rename="camel"):
    """An object, or a patch of one, as a request or a response holds it. `dry_run` is that of DeleteOptions, which an
    Eviction has as a part."""

    kind: str = ""
    metadata: Meta | None = None
    spec: msgspec.Raw = msgspec.Raw()
    dry_run: list[str] | None = None
    delete_options: DeleteOptions | None = None

    @property
    def dry(self) -> bool:
        """Whether nothing is to be stored."""
        options = self.delete_options
        return "All" in (self.dry_run or ()) or "All" in ((options and options.dry_run) or ())

    @property
    def evicts(self) -> str:
        """The uid that an Eviction insists on; empty where it does not."""
        options = self.delete_options
        return (options and options.preconditions and options.preconditions.uid) or ""


class EventList(msgspec.Struct, rename="camel"):
    """An EventList, as webhooks get it, or one event that is written over several lines (then without items)."""

    kind: str = ""
    api_version: str = ""
    items: list[msgspec.Raw] | None = None


class GroupResources(msgspec.Struct, rename="camel"):
    """`rules[].resources[]`: a group, and the resources with their subresources (`pods/exec`, `pods/*`, `*`)."""

    group: str = ""
    resources: list[str] | None = None
    resource_names: list[str] | None = None


class PolicyRule(msgspec.Struct, rename="camel"):
    """`rules[]`: what a request must be to be recorded at this level."""

    level: Level
    users: list[str] | None = None
    user_groups: list[str] | None = None
    verbs: list[str] | None = None
    resources: list[GroupResources] | None = None
    namespaces: list[str] | None = None
    non_resource_urls: list[str] | None = msgspec.field(name="nonResourceURLs", default=None)
    omit_stages: list[str] | None = None


class Policy(msgspec.Struct, rename="camel"):
    """A Policy."""

    rules: list[PolicyRule]
    kind: str = ""
    api_version: str = ""
    omit_stages: list[str] | None = None


def first_of(raw: msgspec.Raw) -> bytes:
    """The first character of a raw value: what kind of value it is. Empty where there is none."""
    return bytes(memoryview(raw)[:1])


head = msgspec.json.Decoder(Head)
event = msgspec.json.Decoder(Event)
body = msgspec.json.Decoder(Body)
event_list = msgspec.json.Decoder(EventList)
