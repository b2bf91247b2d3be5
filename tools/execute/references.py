"""What a pod template refers to by name in its own namespace, and which of its volumes live no longer than an instance.
Pure: fields of core/v1 PodSpec as the API writes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

Template = dict[str, Any]
_FIELDS = {"configMapKeyRef": "ConfigMap", "secretKeyRef": "Secret", "configMapRef": "ConfigMap", "secretRef": "Secret"}
_SOURCES = ("secretRef", "nodePublishSecretRef")
_LOST = ("emptyDir", "ephemeral")


class Reference(msgspec.Struct, frozen=True, order=True):
    """A ConfigMap or a Secret; `optional` where an instance starts without it."""

    kind: str
    name: str
    optional: bool = False

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def references(template: Template) -> tuple[Reference, ...]:
    """The ConfigMaps and Secrets that a template's containers (of every sort), volumes and image pulls name, each once:
    needed, unless every place that names it can do without."""
    spec = template.get("spec") or {}
    found: dict[tuple[str, str], bool] = {}
    for one in (*_of_containers(spec), *_of_volumes(spec), *_of_pulls(spec)):
        place = one.kind, one.name
        found[place] = one.optional and found.get(place, True)
    return tuple(sorted(Reference(*place, optional) for place, optional in found.items() if place[1]))


def claims(template: Template) -> tuple[str, ...]:
    """The names of the PersistentVolumeClaims that a template names."""
    named = {str((volume.get("persistentVolumeClaim") or {}).get("claimName", "")) for volume in _volumes(template)}
    return tuple(sorted(named - {""}))


def lost(template: Template) -> tuple[str, ...]:
    """The volumes that end with their instance: emptyDir and generic ephemeral ones, as `emptyDir name`."""
    return tuple(f"{kind} {v.get('name')}" for v in _volumes(template) for kind in _LOST if kind in v)


def _of_containers(spec: dict[str, Any]) -> Iterator[Reference]:
    for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
        sources = [env.get("valueFrom") or {} for env in container.get("env") or ()]
        for source in (*sources, *(container.get("envFrom") or ())):
            for field, kind in _FIELDS.items():
                if field in source:
                    yield _reference(kind, source[field])


def _of_volumes(spec: dict[str, Any]) -> Iterator[Reference]:
    for volume in spec.get("volumes") or ():
        projected = (volume.get("projected") or {}).get("sources") or ()
        for source in (volume, *projected):
            if "configMap" in source:
                yield _reference("ConfigMap", source["configMap"])
            if "secret" in source:
                yield _reference("Secret", source["secret"])
        for name, driver in volume.items():  # the drivers' own: azureFile, csi, rbd, …
            if name != "secret" and isinstance(driver, dict):
                yield from (_reference("Secret", driver[field]) for field in _SOURCES if driver.get(field))
                if "secretName" in driver:
                    yield _reference("Secret", driver)


def _of_pulls(spec: dict[str, Any]) -> Iterator[Reference]:
    """Without a pull secret an instance is still tried: its image may be public, or on the host already."""
    for pull in spec.get("imagePullSecrets") or ():
        yield Reference("Secret", str(pull.get("name", "")), optional=True)


def _reference(kind: str, source: dict[str, Any]) -> Reference:
    name = source.get("name") or source.get("secretName") or ""
    return Reference(kind, str(name), bool(source.get("optional")))


def _volumes(template: Template) -> list[dict[str, Any]]:
    return (template.get("spec") or {}).get("volumes") or []
