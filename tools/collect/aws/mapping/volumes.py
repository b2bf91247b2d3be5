"""The disks of servers: EBS volumes as instances list them (and `DescribeVolumes`, those that outlive them), and what
their instance type has of its own, which no instance lists."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from tools.collect.aws import reads_compute as reads
from tools.collect.aws.answers import Answers
from tools.collect.aws.wire import ec2
from tools.model.identity import Ref
from tools.model.machine import Volume

Devices = Collection[ec2.Device]
CLAIMS = {"ebs.csi.aws.com/cluster", "kubernetes.io/created-for/pvc/name", "AmazonECSManaged"}
"""The tags that controllers put on the volumes which they attach: the EBS CSI driver, Kubernetes before it, ECS."""


class Disks:
    """Makes the volumes of instances. A device is declared where the image or the launch template names it; whether it
    is can't be told where the image was not read, unless the template does."""

    def __init__(self, answers: Answers) -> None:
        self.scope = answers.scope
        self._images = {image.image_id: image.block_device_mappings for image in answers.of(reads.IMAGES)}
        self._types = {kind.instance_type: kind for kind in answers.of(reads.INSTANCE_TYPES)}
        self._outliving: dict[str, list[tuple[str, ec2.Attachment]]] = {}
        self._claims: dict[str, str] = {}
        for volume in answers.of(reads.VOLUMES):
            claims = sorted({tag.key for tag in volume.tags} & CLAIMS)
            self._claims[volume.volume_id] = claims[0] if claims else ""
            for attachment in volume.attachments:
                if attachment.instance_id and attachment.state in ("", "attached", "attaching", "busy"):
                    self._outliving.setdefault(attachment.instance_id, []).append((volume.volume_id, attachment))

    def of(self, instance: ec2.Instance, ref: Ref, template: Devices | None) -> Iterator[Volume]:
        """The disks of an instance; `template` are the devices of the launch template that made it (None: not read)."""
        known = self._images.get(instance.image_id)
        away = {d.device_name for d in template or () if d.no_device is not None and d.no_device is not False}
        named = {device.device_name for device in (*(known or ()), *(template or ()))} - away
        surely = known is not None and template is not None

        def declared(device: str) -> bool | None:
            return True if device in named or device == instance.root_device_name else False if surely else None

        seen: set[str] = set()
        for mapping in instance.block_device_mappings:
            ebs = mapping.ebs
            if ebs is None or not ebs.volume_id:
                continue
            seen.add(ebs.volume_id)
            yield Volume(
                ref=Ref(self.scope, "Volume", "", ebs.volume_id, ebs.volume_id),
                instance=ref,
                device=mapping.device_name,
                kind="ebs",
                root=mapping.device_name == instance.root_device_name,
                kept=None if ebs.delete_on_termination is None else not ebs.delete_on_termination,
                declared=declared(mapping.device_name),
                attached=ebs.attach_time,
                claimed=self._claims.get(ebs.volume_id, ""),
            )
        for volume_id, attachment in self._outliving.get(instance.instance_id, ()):
            if volume_id not in seen:
                yield Volume(
                    ref=Ref(self.scope, "Volume", "", volume_id, volume_id),
                    instance=ref,
                    device=attachment.device,
                    kind="ebs",
                    root=attachment.device == instance.root_device_name,
                    kept=None if attachment.delete_on_termination is None else not attachment.delete_on_termination,
                    declared=declared(attachment.device),
                    attached=attachment.attach_time,
                    claimed=self._claims[volume_id],
                )
        if instance.state.name != "terminated":
            yield from self._own(instance, ref, (*(known or ()), *(template or ())))

    def _own(self, instance: ec2.Instance, ref: Ref, devices: Iterable[ec2.Device]) -> Iterator[Volume]:
        """The instance store: lost with each stop. An NVMe one is there by the type alone, another only where a device
        mapping names it; an image on it makes it the root."""
        root = instance.root_device_type == "instance-store"
        kind = self._types.get(instance.instance_type)
        names: list[str] = [instance.root_device_name] if root else []
        if kind is not None and kind.instance_storage_supported:
            info = kind.instance_storage_info
            mapped = {device.virtual_name for device in devices if device.virtual_name.startswith("ephemeral")}
            if info is not None and info.nvme_support == "required":
                mapped = {f"ephemeral{number}" for number in range(sum(disk.count for disk in info.disks))}
            names += sorted(mapped)
        for index, name in enumerate(names):
            uid = f"{ref.name}/{name}"
            yield Volume(
                ref=Ref(self.scope, "Volume", "", uid, uid),
                instance=ref,
                device=name,
                kind="instance-store",
                root=root and index == 0,
                kept=False,
                declared=True,
            )
