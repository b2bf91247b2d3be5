"""What `auditor doctor` says: each thing that is missing with what it blinds, then what to run and to add."""

from __future__ import annotations

from rich.console import Console

from auditor.render.text import fields, line, safe
from auditor.setup.doctoring import Diagnosis, Missing


def print_diagnosis(found: Diagnosis, out: Console) -> None:
    """Print a diagnosis. What is to be copied is printed as it is, at the margin, never wrapped."""
    who = found.account.user if found.account else ""
    out.print(line((f"doctor of {found.source}", "bold"), f"  as {who}" if who else ""))
    required = [row for row in found.missing if row.gap.required]
    optional = [row for row in found.missing if not row.gap.required]
    if not found.missing:
        out.print(line(("nothing is missing", "green")))
    for title, style, rows in (("REQUIRED", "bold red", required), ("OPTIONAL", "bold yellow", optional)):
        if rows:
            out.print()
            out.print(line((f"{title}: {len(rows)} missing", style)))
            fields(out, [told for row in rows for told in _rows(row)])
    _print_block("to grant it, an administrator of this cluster runs", _grant(found), out)
    commands = [row.command for row in found.missing if row.command]
    _print_block("to record what is not in the recording", "\n".join(commands), out)
    lines = [row.settings for row in found.missing if row.settings]
    _print_block("to add to auditor.toml, with your own values", "\n\n".join(dict.fromkeys(lines)), out)


def _rows(row: Missing) -> list[tuple[str, str]]:
    gap = row.gap
    weakens = ", ".join(row.checks) or row.blinds
    told = [(gap.code, f"{gap.reason} ({gap.count})" if gap.count else gap.reason)]
    told += [("", f"weakens: {weakens}")] if weakens else []
    return told + ([("", f"do: {_mend(row)}")] if _mend(row) else [])


def _mend(row: Missing) -> str:
    return "" if row.right or row.command or row.settings else row.gap.mend


def _grant(found: Diagnosis) -> str:
    if not found.manifest:
        return ""
    applied = f"kubectl apply -f - <<'EOF'\n{found.manifest}EOF"
    if "ClusterRoleBinding" in found.manifest:
        return applied
    return applied + "\n# the cluster does not say who this account is: bind the ClusterRole to it"


def _print_block(title: str, text: str, out: Console) -> None:
    if text:
        out.print()
        out.print(line((f"{title}:", "bold")))
        out.print()
        for row in text.splitlines():
            out.print(safe(row), soft_wrap=True)
