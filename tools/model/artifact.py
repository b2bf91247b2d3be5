"""What was built: artifacts that are more than a digest, and what is said of them, by whom and how well proven."""

from __future__ import annotations

from typing import Literal

import msgspec

from tools.model.identity import Ref
from tools.model.observation import seen

AttestationKind = Literal["build", "scan", "signature"]


class Artifact(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A machine image (EC2 `DescribeImages`). `ref.name` is its id, which names one content for good (an AMI is
    immutable). `found` is False where a release or an instance names it and the account, asked for it, has none:
    deregistered, or no longer shared.

    `owner` is `OwnerId`, `alias` `ImageOwnerAlias` (`amazon`, `aws-marketplace`; empty for an account), `public`
    `Public`; `state` `State` (`available`, `disabled`, …), `name` `Name`, `created` `CreationDate`, `deprecated`
    `DeprecationTime` (empty: never). `snapshots` are the ids behind its disks, `lost` those of them that are gone; None
    where that can't be told (another account's). `tags` are its tags: claims.
    """

    ref: Ref
    version: str = ""
    found: bool = True
    owner: str = ""
    alias: str = ""
    public: bool = False
    state: str = ""
    name: str = ""
    created: str = ""
    deprecated: str = ""
    snapshots: tuple[str, ...] = ()
    lost_seen: tuple[str, ...] | None = None
    tags: tuple[tuple[str, str], ...] = ()

    @property
    def lost(self) -> str:
        """The snapshots of it that are gone, in one text."""
        return ", ".join(seen(self.lost_seen, self.ref, "whether its snapshots are there"))

    @property
    def held_by(self) -> str:
        """Whose it is: the owner's account and, where it has one, its alias."""
        return f"{self.owner} ({self.alias})" if self.alias else self.owner


class Attestation(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """Something said about an artifact: that a job built it, that a scanner looked at it, that somebody signed it.

    `about` is the artifact's id, `ref` what says it (an Image Builder image, a tag, a Packer manifest, an Inspector
    finding's scan, an envelope), `standing` `verified` where the control plane's own record or a signature proves
    it and `reported` where somebody wrote it down. `by` names who (the pipeline, the scanner, the signer), `time` when,
    `source` the repository and `commit` the revision that a build names; `criticals` and `highs` are what a scan counts
    of findings that have a fix, None where it does not say.
    """

    about: str
    kind: AttestationKind
    standing: Literal["verified", "reported"]
    ref: Ref
    version: str = ""
    by: str = ""
    time: str = ""
    source: str = ""
    commit: str = ""
    criticals: int | None = None
    highs: int | None = None
    slot: str = ""
