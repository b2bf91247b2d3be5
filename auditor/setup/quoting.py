"""Values and comments of TOML: whatever a cluster or a kubeconfig names, it can't end its line."""

from __future__ import annotations

import json
from typing import Any

from auditor.render.text import safe


def value(of: Any) -> str:
    """A text, number, boolean, list or table of these as TOML (v1.0): texts are basic strings, whose escapes are
    JSON's."""
    if isinstance(of, str):
        return json.dumps(of.encode("utf-8", "replace").decode(), ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(of, dict):
        return "{" + ", ".join(f"{value(key)} = {value(row)}" for key, row in of.items()) + "}"
    if isinstance(of, list | tuple):
        return "[" + ", ".join(map(value, of)) + "]"
    return json.dumps(of)


def plain(text: str) -> str:
    """A text for a comment: on one line, with everything that is not to be seen escaped."""
    return safe(" ".join(text.split()))
