"""Settings: `auditor.toml`, read with pydantic, every error with its place. Without one, the defaults hold."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from auditor.approvers import Approvers
from auditor.ledger.settings import LedgerSettings
from auditor.policy.model import Policy
from auditor.settings_errors import told
from auditor.waivers.settings import Waivers
from tools.errors import UsageError
from tools.model.change import ActorKind

FILE = "auditor.toml"


class AuditLogSettings(BaseModel):
    """`[audit_log]`: `path` are the log's files or folders, `policy` the API server's audit policy; `since` and `until`
    are the interval that the log is declared to cover (RFC 3339; by default from its first event to its last)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: list[str] = []
    policy: str = ""
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class ActorSettings(BaseModel):
    """One of `[[actors]]`: what kind of actor the users are whose name, one of whose groups and whose user agent match
    (`*` stands for any text). The first rule that matches decides, before the product's own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: ActorKind
    user: str = ""
    group: str = ""
    agent: str = ""

    @model_validator(mode="after")
    def _says_who(self) -> Self:
        if not (self.user or self.group or self.agent):
            raise ValueError("say whom it is about: user, group or agent")
        return self


class AwsSettings(BaseModel):
    """How AWS is asked: `role` is the ARN of a role to assume with the profile's credentials, `external_id` goes with
    it, `endpoint` is where AWS answers if not at its own addresses (else AWS_ENDPOINT_URL). `max_attempts` bounds how
    often a request is sent, `paced` keeps to two lookups of events a second, which is what CloudTrail allows.
    `statements` are files or folders that say something of machine images: signed statements (`*.intoto.json`,
    `*.intoto.jsonl`) and Packer's manifests; a recording's stand in its folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: str = Field(default="", pattern=r"^(arn:aws[\w-]*:iam::\d{12}:role/.+)?$")
    external_id: str = ""
    endpoint: str = Field(default="", pattern=r"^(https?://.+)?$")
    max_attempts: int = Field(default=5, ge=1, le=20)
    paced: bool = True
    statements: list[str] = []

    @model_validator(mode="after")
    def _id_of_a_role(self) -> Self:
        if self.external_id and not self.role:
            raise ValueError("external_id goes with a role: say which")
        return self


class TrustSettings(BaseModel):
    """One of `[[trust]]`: a key whose signature of a statement about an image counts. `name` is what its holder goes
    by, `key` the file that holds the public key or the certificate (PEM)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    key: str = Field(min_length=1)


class Settings(BaseModel):
    """`source` is what to audit when the command line names nothing; `timeout` bounds one request, in seconds;
    `approval_minutes` is how long an approval holds; `audit_log` is the audit log of the source, `actors` say who is
    who in it; `aws` is how AWS is asked; `trust` are the keys that verify statements about images; `approvers` say who
    may approve, `policy` what may be carried out, `waivers` what is accepted for a time; `checks` maps a check's id to
    its own settings, which the check itself converts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str = ""
    kubeconfig: str = ""
    aws: AwsSettings = AwsSettings()
    timeout: float = Field(default=30.0, gt=0, le=600)
    approval_minutes: int = Field(default=30, ge=1, le=1440)
    audit_log: AuditLogSettings = AuditLogSettings()
    actors: list[ActorSettings] = []
    trust: list[TrustSettings] = []
    approvers: Approvers = []
    policy: Policy = Policy()
    ledger: LedgerSettings = LedgerSettings()
    waivers: Waivers = []
    checks: dict[str, dict[str, Any]] = {}

    @model_validator(mode="after")
    def _policy_names_approvers(self) -> Self:
        names = [approver.name for approver in self.approvers]
        for number, rule in enumerate(self.policy.rules):
            for name in rule.approvers if names else ():
                if name not in names:
                    raise ValueError(f"policy.rules[{number}].approvers: no approver is named {name!r}")
        for number, stop in enumerate(self.policy.stops):
            for name in stop.lifted_by if names else ():
                if name not in names:
                    raise ValueError(f"policy.stops[{number}].lifted_by: no approver is named {name!r}")
        return self


def load_settings(path: str = "") -> Settings:
    """Read a settings file: the named one, else `auditor.toml` here if there is one. Raises `UsageError`."""
    file = Path(path or FILE)
    if not path and not file.exists():
        return Settings()
    try:
        text = file.read_text(encoding="utf-8")
        found = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{file} can't be read", str(error)) from error
    try:
        return Settings.model_validate(found)
    except ValidationError as error:
        places = told(error, text, str(file), Settings)
        raise UsageError(f"{file} is not valid", places, "auditor checks show ID tells a check's settings") from error
