"""Whose an object was that is gone: from the log's own create events, else by the names that controllers give."""

from __future__ import annotations

import re

from tools.collect.kubernetes.auditlog.known import Known, Name
from tools.collect.kubernetes.auditlog.wire import Meta
from tools.model.identity import Ref

_SUFFIX = re.compile(r"(.+)-[bcdfghjklmnpqrstvwxz2456789]{5}\Z")
"""How a ReplicaSet names its pods (metadata.generateName, from the alphabet of k8s.io/apimachinery's rand)."""
_HASH = re.compile(r"(.+)-[bcdfghjklmnpqrstvwxz2456789]{1,10}\Z")
"""How a Deployment or a Rollout names its ReplicaSets (their pod-template-hash, in the same alphabet)."""

_NUMBER = re.compile(r"(.+)-\d+\Z")
"""How a StatefulSet names its pods."""
_DEPTH = 4
"""How many owners an object may have above it: a forged circle ends here."""


class Owners:
    """The controllers of objects, as create events told them."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._told: dict[Name, Ref] = {}

    def learn(self, kind: str, namespace: str, meta: Meta) -> None:
        """Remember the controller of an object that was created, by its name or by the beginning that its name got."""
        for owner in meta.owner_references or ():
            if owner.controller:
                where = "" if owner.kind == "Node" else namespace
                ref = Ref(self._known.scope, owner.kind, where, owner.name, owner.uid)
                self._told[kind, namespace, meta.generate_name or meta.name or ""] = ref

    def root_of(self, ref: Ref, time: int) -> tuple[Ref, bool]:
        """The root owner of an object at a time, itself where nothing tells, and whether names alone told it."""
        inferred = False
        for _ in range(_DEPTH):
            if ref.uid in self._known.roots:
                return self._known.roots[ref.uid], inferred
            told = self._told_of(ref)
            owner = told or self._named_owner(ref, time)
            if owner is None:
                break
            inferred, ref = inferred or told is None, owner
        return ref, inferred

    def _told_of(self, ref: Ref) -> Ref | None:
        told = self._told.get((ref.kind, ref.namespace, ref.name))
        if told is None and ref.kind == "Pod" and (named := _SUFFIX.match(ref.name)):
            told = self._told.get((ref.kind, ref.namespace, f"{named[1]}-"))
        return told

    def _named_owner(self, ref: Ref, time: int) -> Ref | None:
        """The owner by names alone: of a pod what made it, of a ReplicaSet its Deployment or Rollout."""
        if ref.kind == "ReplicaSet" and (named := _HASH.match(ref.name)):
            return self._first(("Deployment", "Rollout"), ref.namespace, named[1], time)
        if ref.kind != "Pod":
            return None
        if numbered := _NUMBER.match(ref.name):
            return self._first(("StatefulSet",), ref.namespace, numbered[1], time)
        if not (named := _SUFFIX.match(ref.name)):
            return None
        owner = self._first(("ReplicaSet", "DaemonSet", "Job"), ref.namespace, named[1], time)
        if owner is None:
            gone = Ref(ref.scope, "ReplicaSet", ref.namespace, named[1], "")
            owner = self._told_of(gone) or self._named_owner(gone, time)
        return owner

    def _first(self, kinds: tuple[str, ...], namespace: str, name: str, time: int) -> Ref | None:
        for kind in kinds:
            found = self._known.named((kind, namespace, name), time)
            if found is not None:
                return found
        return None
