"""Settings: `auditor.toml`, read with pydantic, every error with its place. Without one, the defaults hold."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tools.errors import UsageError

FILE = "auditor.toml"


class Settings(BaseModel):
    """`source` is what to audit when the command line names nothing; `timeout` bounds one request, in seconds;
    `approval_minutes` is how long an approval holds; `checks` maps a check's id to its own settings, which the
    check itself converts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str = ""
    kubeconfig: str = ""
    timeout: float = Field(default=30.0, gt=0, le=600)
    approval_minutes: int = Field(default=30, ge=1, le=1440)
    checks: dict[str, dict[str, Any]] = {}


def load_settings(path: str = "") -> Settings:
    """Read a settings file: the named one, else `auditor.toml` here if there is one. Raises `UsageError`."""
    file = Path(path or FILE)
    if not path and not file.exists():
        return Settings()
    try:
        return Settings.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{file} can't be read", str(error)) from error
    except ValidationError as error:
        places = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise UsageError(f"{file} is not valid", places, "auditor checks show ID tells a check's settings") from error
