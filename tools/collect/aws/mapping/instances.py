"""EC2 instances as instances: a server is one container, the machine itself."""

from __future__ import annotations

import re

from tools.collect.aws.mapping.rollouts import serves
from tools.collect.aws.wire import ec2
from tools.collect.aws.wire.autoscaling import Member
from tools.model.identity import Ref
from tools.model.instance import Container, Instance
from tools.model.machine import Machine

ACCOUNT_DOORS = ("connect", "serial", "attribute")
"""The doors that the account's own API is, for each of its servers: EC2 Instance Connect, the serial console,
ModifyInstanceAttribute."""
GROUP_TAG, TEMPLATE_TAG, VERSION_TAG = (
    "aws:autoscaling:groupName",
    "aws:ec2launchtemplate:id",
    "aws:ec2launchtemplate:version",
)
KEEPERS = (
    ("aws:ec2:fleet-id", "EC2Fleet"),
    ("aws:ec2spot:fleet-request-id", "SpotFleetRequest"),
    ("karpenter.sh/nodeclaim", "NodeClaim"),
    ("karpenter.sh/nodepool", "NodePool"),
    ("karpenter.sh/provisioner-name", "Provisioner"),
    ("eks:nodegroup-name", "Nodegroup"),
    ("aws:elasticmapreduce:job-flow-id", "JobFlow"),
)
"""The tags by which an instance outside of a group names what keeps it, and the kind of that."""
_STATES = {"running": "running", "shutting-down": "terminated", "terminated": "terminated"}
_ENDED = re.compile(r"\((\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) GMT\)")


class Shared:
    """What many instances have alike, kept once: their doors, and texts."""

    def __init__(self) -> None:
        self._doors: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._texts: dict[str, str] = {}

    def doors(self, instance: ec2.Instance) -> tuple[str, ...]:
        """The keys of every way into an instance."""
        own = [group.group_id for group in instance.security_groups]
        for interface in instance.network_interfaces:
            own += [group.group_id for group in interface.groups]
        key = (*sorted(set(own)), instance.key_name)
        known = self._doors.get(key)
        if known is None:
            pair = (f"key:{instance.key_name}",) if instance.key_name else ()
            known = self._doors[key] = (*key[:-1], *pair, *ACCOUNT_DOORS)
        return (*known, f"ssm:{instance.instance_id}")

    def text(self, text: str) -> str:
        """The one copy of a text."""
        return self._texts.setdefault(text, text)


def keeper_of(scope: str, instance: ec2.Instance, tags: dict[str, str]) -> Ref | None:
    """What keeps an instance that is in no group: by AWS's own or a controller's tag, or by the service that manages
    it; None for a bare one."""
    for tag, kind in KEEPERS:
        if tags.get(tag):
            return Ref(scope, kind, "", tags[tag], f"{kind}/{tags[tag]}")
    operator = instance.operator
    if operator is not None and operator.managed:
        name = operator.principal or "service"
        return Ref(scope, "ManagedService", "", name, f"ManagedService/{name}")
    return None


def version_of(member: Member | None, tags: dict[str, str]) -> tuple[str, int] | str | None:
    """The version of a launch template that an instance was launched from, by its own tags and else by its group; or
    the name of its launch configuration; None where neither says."""
    template, written = tags.get(TEMPLATE_TAG, ""), tags.get(VERSION_TAG, "")
    spec = member.launch_template if member is not None else None
    if not (template and written) and spec is not None:
        template, written = spec.launch_template_id, spec.version
    if template and written.isascii() and written.isdigit():
        return template, int(written)
    return (member.launch_configuration_name or None) if member is not None else None


def instance_of(
    instance: ec2.Instance,
    ref: Ref,
    owner: Ref | None,
    release_ref: Ref | None,
    part: str,
    member: Member | None,
    ready_since: str,
    shared: Shared,
) -> Instance:
    """An instance with its one container. (`ready` of a member: in service and healthy; of another: running.)"""
    phase, text = shared.text(instance.state.name), shared.text
    root, image = ref if owner is None else owner, text(instance.image_id)
    container = Container(
        ref=ref,
        root=root,
        version="",
        name=part,
        role="machine",
        image=image,
        slot="",
        image_id_seen=image or None,
        state_seen=_STATES.get(phase, "waiting"),
        detail="" if phase == "running" else phase,
        runtime="ec2",
        started=instance.launch_time,
    )
    return Instance(
        ref=ref,
        version="",
        owner=owner,
        release_ref=release_ref,
        workload=root,
        host="",
        phase=phase,
        ready=phase == "running" and (member is None or serves(member)),
        ready_since=ready_since,
        created=created_of(instance),
        deleted=_ended(instance, phase),
        generation_seen=None,
        containers=(container,),
        writes_seen=None,
        machine_seen=_machine(instance, member, shared),
    )


def created_of(instance: ec2.Instance) -> str:
    """When it was made. Its LaunchTime moves with each start; its primary network interface stays attached from the
    first launch on, and after that its root volume tells best (which a replaced root volume moves)."""
    for interface in instance.network_interfaces:
        attached = interface.attachment
        if attached is not None and attached.device_index == 0 and attached.attach_time:
            return attached.attach_time
    for device in instance.block_device_mappings:
        if device.device_name == instance.root_device_name and device.ebs is not None and device.ebs.attach_time:
            return device.ebs.attach_time
    return instance.launch_time


def _machine(instance: ec2.Instance, member: Member | None, shared: Shared) -> Machine:
    options, profile = instance.metadata_options, instance.iam_instance_profile
    return Machine(
        tokens_seen=options.http_tokens if options is not None else None,
        endpoint=options.http_endpoint if options is not None else "",
        hops=options.http_put_response_hop_limit if options is not None else None,
        lifecycle=shared.text(member.lifecycle_state) if member is not None else "",
        protected=member.protected_from_scale_in if member is not None else False,
        key=shared.text(instance.key_name),
        profile=shared.text(profile.arn) if profile is not None else "",
        launched=instance.launch_time,
        type=shared.text(instance.instance_type),
        address=_elastic(instance),
        doors=shared.doors(instance),
    )


def _elastic(instance: ec2.Instance) -> str:
    """Its Elastic IP: a public address whose owner is an account, and not `amazon`."""
    for interface in instance.network_interfaces:
        address = interface.association
        if address is not None and address.ip_owner_id not in ("", "amazon"):
            return address.public_ip
    return ""


def _ended(instance: ec2.Instance, phase: str) -> str:
    """When its end was asked for, as EC2 tells it (`User initiated (2026-01-02 03:04:05 GMT)`)."""
    found = _ENDED.search(instance.state_transition_reason) if phase in ("shutting-down", "terminated") else None
    return f"{found[1]}T{found[2]}Z" if found else ""
