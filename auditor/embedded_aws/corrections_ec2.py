"""What of moto's EC2 is corrected: an image's disks are those it was registered with, an instance takes all of its
launch template, and a volume can be found by whether it outlives its instance."""

from __future__ import annotations

from typing import Any

from moto.ec2.exceptions import InvalidLaunchTemplateVersionNotFound
from moto.ec2.models import amis, ec2_backends, elastic_block_store, instances, launch_templates

from auditor.embedded_aws.call import Answer, Call, Refused, operation

_Ami: Any = amis.Ami
_Template: Any = launch_templates.LaunchTemplate
_Volume: Any = elastic_block_store.Volume
_Attachment: Any = elastic_block_store.VolumeAttachment
_Instances: Any = instances.InstanceBackend
_run, _filtered = _Instances.run_instances, _Volume.get_filter_value


class Image(_Ami):  # type: ignore[misc]
    """moto's image, which forgets its disks. `disks` are the block device mappings that it was registered with."""

    disks: list[dict[str, Any]] | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"root_device_type": "ebs", **kwargs})

    @property
    def block_device_mappings(self) -> list[dict[str, Any]]:
        """Its disks."""
        told: list[dict[str, Any]] = self.disks if self.disks is not None else super().block_device_mappings
        return told


class Template(_Template):  # type: ignore[misc]
    """moto's launch template, whose versions are found by their place: here by number, as one may be deleted."""

    def create_version(self, data: dict[str, Any], description: str) -> Any:
        """The next number, also where the newest was deleted."""
        self.newest = getattr(self, "newest", 0) + 1
        version = launch_templates.LaunchTemplateVersion(self, self.newest, data, description)
        self.versions.append(version)
        return version

    def get_version(self, num: Any) -> Any:
        """By number, `$Latest` or `$Default`."""
        pointers = {"$latest": self.versions[-1].number, "$default": self.default_version_number}
        wanted = pointers.get(str(num).lower(), num)
        found = next((one for one in self.versions if str(one.number) == str(wanted)), None)
        if found is None:
            raise InvalidLaunchTemplateVersionNotFound(template_id=self.id, version=num)
        return found

    def default_version(self) -> Any:
        """The one that `$Default` is."""
        return self.get_version(self.default_version_number)


@operation("ec2", "DeleteLaunchTemplateVersions")
def delete_launch_template_versions(call: Call) -> Answer:
    """Delete numbered versions; the default one stays."""
    ec2 = ec2_backends[call.account][call.region]
    name, identifier = call.get("LaunchTemplateName"), call.get("LaunchTemplateId")
    template = ec2.get_launch_template_by_name(name) if name else ec2.get_launch_template(identifier)
    about = {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name}
    gone, kept = [], []
    for wanted in call.get("Versions", []):
        version = next((one for one in template.versions if str(one.number) == wanted), None)
        told = {**about, "VersionNumber": int(wanted)}
        if version is None:
            error = {"Code": "launchTemplateVersionDoesNotExist", "Message": f"Could not find version {wanted}"}
            kept.append({**told, "ResponseError": error})
        elif version.number == template.default_version_number:
            error = {"Code": "unexpectedError", "Message": "You can't delete the default version"}
            kept.append({**told, "ResponseError": error})
        else:
            template.versions.remove(version)
            gone.append(told)
    return {
        "SuccessfullyDeletedLaunchTemplateVersions": gone,
        "UnsuccessfullyDeletedLaunchTemplateVersions": kept,
    }


@operation("ec2", "RegisterImage")
def register_image(call: Call) -> Answer:
    """An image of snapshots, with the disks, the root device and the architecture that it is given."""
    ec2 = ec2_backends[call.account][call.region]
    disks = call.get("BlockDeviceMappings", [])
    snapshots = [disk["Ebs"]["SnapshotId"] for disk in disks if (disk.get("Ebs") or {}).get("SnapshotId")]
    if gone := [one for one in snapshots if one not in ec2.snapshots]:
        raise Refused("InvalidSnapshot.NotFound", f"The snapshot '{gone[0]}' does not exist.")
    if any(image.name == call.get("Name") and image.owner_id == call.account for image in ec2.amis.values()):
        raise Refused("InvalidAMIName.Duplicate", f"AMI name {call.get('Name')} is already in use by another AMI.")
    image: Any = ec2.register_image(call.get("Name"), call.get("Description", ""))
    image.architecture = call.get("Architecture", "x86_64")
    image.root_device_name = call.get("RootDeviceName", image.root_device_name)
    image.virtualization_type, image.hypervisor = call.get("VirtualizationType", "hvm"), "xen"
    if snapshots:
        del ec2.snapshots[image.ebs_snapshot.id]  # moto's own, which is of nothing
        image.disks = [_disk(disk) for disk in disks]
    for given in call.get("TagSpecifications", []):
        image.add_tags({tag["Key"]: tag["Value"] for tag in given.get("Tags", [])})
    return {"ImageId": image.id}


def _disk(disk: dict[str, Any]) -> dict[str, Any]:
    defaults = {"DeleteOnTermination": True, "VolumeType": "gp2", "Encrypted": False}
    return {**disk, "Ebs": {**defaults, **disk["Ebs"]}} if disk.get("Ebs") else disk


def run_instances(self: Any, image_id: str, count: int, user_data: Any, names: list[str], **given: Any) -> Any:
    """moto's, given what it leaves in a launch template: metadata options, network interfaces, disks, the profile. The
    disks of the image are the instance's where the template has none."""
    data = self._get_template_from_args(given["launch_template"]).data if given.get("launch_template") else {}
    given["metadata_options"] = given.get("metadata_options") or data.get("MetadataOptions") or {}
    if not given.get("nics") and data.get("NetworkInterfaces"):
        given["nics"] = list(data["NetworkInterfaces"])
        given.pop("subnet_id", None)
    configured = getattr(given.get("launch_config"), "block_device_mapping_dict", None)
    own = given.pop("block_device_mappings", None) or data.get("BlockDeviceMappings") or configured or []
    disks = {disk["DeviceName"]: disk for disk in (*_disks(self, image_id or data.get("ImageId", "")), *own)}
    if disks:
        given["block_device_mappings"] = [disk for disk in disks.values() if disk.get("Ebs")]
    reservation = _run(self, image_id, count, user_data, names, **given)
    if profile := data.get("IamInstanceProfile"):
        for instance in reservation.instances:
            self.associate_iam_instance_profile(instance.id, profile.get("Name"), profile.get("Arn"))
    return reservation


def _disks(ec2: Any, image: str) -> list[dict[str, Any]]:
    known = ec2.amis.get(image)
    return list(getattr(known, "disks", None) or [])


def filtered(self: Any, name: str, method: str | None = None) -> Any:
    """A volume's value for a filter, also of the one that moto lacks."""
    if name == "attachment.delete-on-termination" and self.attachment:
        return str(self.attachment.delete_on_termination).lower()
    return _filtered(self, name, method)


def _goes_with_it(attachment: Any) -> bool:
    mapping = attachment.instance.block_device_mapping.get(attachment.device)
    return bool(mapping and mapping.delete_on_termination)


SWAPS: tuple[tuple[Any, str, Any], ...] = (
    (amis, "Ami", Image),
    (launch_templates, "LaunchTemplate", Template),
    (_Instances, "run_instances", run_instances),
    (_Volume, "get_filter_value", filtered),
    (_Attachment, "delete_on_termination", property(_goes_with_it)),
)
