"""The relations of servers, a part of the snapshot: their images, what is said of those, the doors into them, their
disks, and the server that a host is.

They keep the snapshot's one rule: a reference that can't be resolved, and a set that was not read to its end, raise
`NotObserved`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Literal

from tools.model.artifact import Artifact, Attestation, AttestationKind
from tools.model.facts import Facts
from tools.model.host import Host
from tools.model.identity import Ref
from tools.model.instance import Container, Instance, Part
from tools.model.machine import Access, Volume
from tools.model.observation import NotObserved

PROVIDER = "aws:///"
"""How the providerID of a node begins that is an EC2 instance (`aws:///eu-central-1a/i-0123456789abcdef0`)."""


class Servers:
    """What the snapshot knows of servers."""

    def __init__(self, facts: Facts) -> None:
        self._accounts = sorted(scope.id for scope in facts.scopes if scope.kind == "aws")
        self._artifacts: dict[tuple[str, str], Artifact] = {(a.ref.scope, a.ref.name): a for a in facts.artifacts}
        self._said: dict[tuple[str, str], list[Attestation]] = defaultdict(list)
        self._doors: dict[tuple[str, str], list[Access]] = defaultdict(list)
        self._disks: dict[tuple[str, str], list[Volume]] = defaultdict(list)
        self._machines: dict[tuple[str, str], Instance] = {}
        for said in facts.attestations:
            self._said[said.ref.scope, said.about].append(said)
        for access in facts.accesses:
            self._doors[access.ref.scope, access.door].append(access)
        for volume in facts.volumes:
            self._disks[volume.instance.identity].append(volume)
        if self._accounts:
            self._machines = {i.ref.identity: i for i in facts.instances if i.machine_seen is not None}

    def _ended(self, noun: str, ref: Ref | None = None, kind: str = "") -> None:
        """Raise `NotObserved` where not all of a noun was seen."""
        raise NotImplementedError

    def artifact_of(self, thing: Container | Part) -> Artifact:
        """The machine image that a server runs (one that is only planned: would run), or that a release names."""
        planned = isinstance(thing, Container) and thing.role == "machine" and thing.image_id_seen is None
        image = thing.image_id if isinstance(thing, Container) and not planned else thing.image
        artifact = self._artifacts.get((thing.ref.scope, image))
        if artifact is None:
            self._ended("Artifact", thing.ref)
            raise NotObserved(f"nothing was read of image {image}", "unresolved")
        return artifact

    def attestations_of(self, artifact: Artifact, kind: AttestationKind | Literal[""] = "") -> Iterator[Attestation]:
        """What is said of an artifact (of one kind, or anything). A gap of another kind is none here."""
        for said in self._said.get((artifact.ref.scope, artifact.ref.name), ()):
            if not kind or said.kind == kind:
                yield said
        self._ended("Attestation", artifact.ref, kind)

    def access_to(self, instance: Instance) -> Iterator[Access]:
        """The ways into a server."""
        for door in instance.machine.doors:
            yield from self._doors.get((instance.ref.scope, door), ())
        self._ended("Access", instance.ref)

    def volumes_of(self, instance: Instance) -> Iterator[Volume]:
        """The disks of a server."""
        yield from self._disks.get(instance.ref.identity, ())
        self._ended("Volume", instance.ref)

    def machine_of(self, host: Host) -> Instance | None:
        """The server that a host is, by its providerID; None where it names none of a provider that can be read."""
        if not host.provider.startswith(PROVIDER):
            return None
        name = host.provider.rpartition("/")[2]
        for account in self._accounts:
            found = self._machines.get((account, name))
            if found is not None:
                return found
        if not self._accounts:
            told = f"{host.ref} is instance {name}, and no AWS account was looked at"
            raise NotObserved(told, "account-not-given", "name its account and region too: aws:PROFILE@REGION")
        raise NotObserved(
            f"{host.ref} is instance {name}, which was not seen in {', '.join(self._accounts)}", "unresolved"
        )
