"""`[ledger]` of auditor.toml: the key that the installation is known by, and where heads are anchored."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class AnchorSettings(BaseModel):
    """One of `[[ledger.anchors]]`: a `file` on another mount, a `configmap` (namespace/name; `context` names the
    cluster's kubeconfig context, by default the command's), or an `oci` repository (registry/repository)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str = ""
    configmap: str = Field(default="", pattern=r"^([a-z0-9-]+/[a-z0-9.-]+)?$")
    context: str = ""
    oci: str = Field(default="", pattern=r"^([^/\s]+/[a-z0-9._/-]+)?$")

    @model_validator(mode="after")
    def _is_one_place(self) -> Self:
        if [bool(self.file), bool(self.configmap), bool(self.oci)].count(True) != 1:
            raise ValueError("say one place: file, configmap or oci")
        if self.context and not self.configmap:
            raise ValueError("context goes with configmap")
        return self


class LedgerSettings(BaseModel):
    """`key` is the fingerprint of the installation's key, as `auditor ledger verify` prints it (empty: whichever the
    ledger names)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str = Field(default="", pattern=r"^(SHA256:[A-Za-z0-9+/]{43})?$")
    anchors: list[AnchorSettings] = []
