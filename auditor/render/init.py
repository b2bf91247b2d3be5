"""What `auditor init` says of what it found, and what to do next."""

from __future__ import annotations

from rich.console import Console

from auditor.render.text import fields, line
from auditor.setup.looking import Found
from tools.collect.kubernetes.contexts import Context


def print_found(found: Found, path: str, out: Console) -> None:
    """Print what was found, where it was written, and the next commands."""
    rows = [("context", _context(one)) for one in found.contexts]
    rows = [(label if index == 0 else "", told) for index, (label, told) in enumerate(rows)]
    named = (
        ("source", found.source),
        ("not read", found.problem),
        ("account", found.account.user if found.account else ""),
        ("lacks", ", ".join(found.lacking)),
        ("registries", ", ".join(found.registries)),
        ("pools", ", ".join(f"{pool.name} ({pool.hosts})" for pool in found.pools)),
        ("audit log", ", ".join(found.logs) or "none found at the usual places"),
        ("GitOps", ", ".join(found.gitops)),
    )
    out.print(line(("found", "bold")))
    fields(out, [*rows, *((label, told) for label, told in named if told)])
    out.print()
    out.print(line(("wrote ", "bold"), path))
    out.print("next: auditor doctor (what is missing, and how to close it), auditor audit")


def _context(one: Context) -> str:
    return f"{one.name}{' (current)' if one.current else ''}: {one.problem or 'answers'}"
