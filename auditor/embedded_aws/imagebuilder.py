"""EC2 Image Builder, of which moto has nothing: the images that it built, as the shelf `images` holds them.

An item is an `Image` of the API (`arn`, `name`, `version`, `platform`, `sourcePipelineArn`, `outputResources`, …); the
lists are made from it. What its scans found is on the shelf `image scan findings`."""

from __future__ import annotations

from typing import Any

from auditor.embedded_aws.call import Answer, Call, Refused, operation, page

IMAGES, FINDINGS = "images", "image scan findings"
SUMMARY = (
    "arn",
    "name",
    "type",
    "version",
    "platform",
    "osVersion",
    "state",
    "dateCreated",
    "outputResources",
    "tags",
    "buildType",
    "imageSource",
    "deprecationTime",
)


def _version(arn: str) -> str:
    """A build version's image version: without its build number."""
    return arn.rsplit("/", 1)[0]


@operation("imagebuilder", "ListImages")
def list_images(call: Call) -> Answer:
    """The versions of the account's own images."""
    versions = {}
    for image in call.shelf(IMAGES):
        told = {k: image[k] for k in ("name", "type", "version", "platform", "osVersion", "dateCreated") if k in image}
        arn = _version(image["arn"])
        versions[arn] = told | {"arn": arn, "owner": call.account, "version": image["version"].rsplit("/", 1)[0]}
    return page(list(versions.values()), call, "imageVersionList", "maxResults", 25, "nextToken")


@operation("imagebuilder", "ListImageBuildVersions")
def list_image_build_versions(call: Call) -> Answer:
    """The builds of an image version, or of all."""
    wanted = call.get("imageVersionArn")
    told = [
        {"owner": call.account, "type": "AMI"} | {name: image[name] for name in SUMMARY if name in image}
        for image in call.shelf(IMAGES)
        if wanted in (None, _version(image["arn"]))
    ]
    return page(told, call, "imageSummaryList", "maxResults", 25, "nextToken")


@operation("imagebuilder", "GetImage")
def get_image(call: Call) -> Answer:
    """One build, whole."""
    wanted = call.get("imageBuildVersionArn")
    found: dict[str, Any] | None = next((one for one in call.shelf(IMAGES) if one["arn"] == wanted), None)
    if found is None:
        raise Refused("ResourceNotFoundException", f"The resource '{wanted}' does not exist.")
    return {"image": {"type": "AMI"} | found}


@operation("imagebuilder", "ListImageScanFindings")
def list_image_scan_findings(call: Call) -> Answer:
    """What its scans found, of the severities that a filter names."""
    levels = [value for one in call.get("filters", []) if one["name"] == "severity" for value in one["values"]]
    told = [one for one in call.shelf(FINDINGS) if not levels or one.get("severity") in levels]
    return page(told, call, "findings", "maxResults", 25, "nextToken")
