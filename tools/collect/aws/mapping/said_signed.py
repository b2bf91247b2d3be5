"""What signed statements say of machine images: that somebody signed, and what a provenance in them says of the build.

A statement is about an image where a subject of it is named by the image's id (`ami-0123…`) or by its ARN in this
region. An image has no digest that anybody could compute, so the id, which names one content for good, stands for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tools.collect.aws.answers import Answers
from tools.collect.aws.mapping.envelopes import (
    BadEnvelope,
    BadKey,
    Statement,
    public_key,
    statement,
    verify,
)
from tools.collect.aws.reads_said import ENVELOPES
from tools.collect.aws.wire.said import Envelope
from tools.collect.trust import TrustedKey
from tools.model.artifact import Attestation
from tools.model.identity import Ref
from tools.model.observation import Gap

SLSA = ("https://slsa.dev/provenance/v1", "https://slsa.dev/provenance/v0.2")
"""The types of predicate that say how something was built."""


def signed_of(answers: Answers, keys: list[TrustedKey]) -> tuple[tuple[Attestation, ...], list[Gap]]:
    """What the envelopes say. One that no declared key verifies is a claim that it was signed, and what is in it says
    nothing; with no key declared at all, there is no such attestation."""
    sound, gaps = [], []
    for key in keys:
        try:
            public_key(key)
            sound.append(key)
        except BadKey as error:
            gaps.append(_gap(answers, "bad-key", f"a declared key is not used: {error}"))
    if not sound:
        return (), gaps
    found: list[Attestation] = []
    for envelope in answers.of(ENVELOPES):
        try:
            signers, said = verify(envelope, sound), statement(envelope)
        except BadEnvelope as error:
            gaps.append(_gap(answers, "broken", f"an envelope can't be read: {error}"))
            continue
        found += _of(answers, envelope, said, signers)
    return tuple(found), gaps


def _of(answers: Answers, envelope: Envelope, said: Statement, signers: tuple[str, ...]) -> Iterator[Attestation]:
    for image in sorted({named for one in said.subject if (named := _image(one.name, answers.region))}):
        ref = Ref(answers.scope, "Envelope", "", f"{image}.{said.predicate_type.rpartition('://')[2]}", "")
        for signer in signers:
            yield Attestation(about=image, kind="signature", standing="verified", ref=ref, by=signer)
        if not signers:
            claimed = ", ".join(sorted({one.keyid for one in envelope.signatures if one.keyid}))
            yield Attestation(about=image, kind="signature", standing="reported", ref=ref, by=claimed)
        elif said.predicate_type in SLSA:
            yield _provenance(image, said, ref)


def _image(name: str, region: str) -> str:
    """The id of the image that a subject names, in this region; empty where it names none."""
    if name.startswith("ami-"):
        return name
    parts = name.split(":")
    if len(parts) != 6 or parts[0] != "arn" or parts[2] != "ec2" or parts[3] != region:
        return ""
    return parts[5].removeprefix("image/") if parts[5].startswith("image/ami-") else ""


def _provenance(image: str, said: Statement, ref: Ref) -> Attestation:
    """A build in the words of SLSA: builder, time, and the first source with a Git revision (v1:
    `buildDefinition.resolvedDependencies`; v0.2: `invocation.configSource`, `materials`)."""
    predicate = said.predicate
    if said.predicate_type == SLSA[0]:
        run = _object(predicate, "runDetails")
        by, time = _object(run, "builder").get("id"), _object(run, "metadata").get("finishedOn")
        sources = _list(_object(predicate, "buildDefinition").get("resolvedDependencies"))
    else:
        by, time = _object(predicate, "builder").get("id"), _object(predicate, "metadata").get("buildFinishedOn")
        sources = [_object(predicate, "invocation").get("configSource"), *_list(predicate.get("materials"))]
    source, commit = next(filter(None, map(_revision, sources)), ("", ""))
    return Attestation(
        about=image,
        kind="build",
        standing="verified",
        ref=ref,
        by=_text(by),
        time=_text(time),
        source=source,
        commit=commit,
    )


def _revision(source: Any) -> tuple[str, str] | None:
    """The repository and revision of a source; None where it names none (the SHA-1 of a file is not one)."""
    if not isinstance(source, dict):
        return None
    digests, place = _object(source, "digest"), _text(source.get("uri"))
    commit = _text(digests.get("gitCommit")) or (_text(digests.get("sha1")) if place.startswith("git") else "")
    return (place, commit.lower()) if commit else None


def _object(value: dict[str, Any], key: str) -> dict[str, Any]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _gap(answers: Answers, code: str, reason: str) -> Gap:
    return Gap(scope=answers.scope, noun="Attestation", kind="signature", code=code, reason=reason, required=False)
