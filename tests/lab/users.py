"""The lab's users: their tokens and groups, and a kubeconfig for each.

Tokens are random, made once for each lab. `alice` and `bob` are people, `ci-bot` is the pipeline; the
`auditor-*` users have no group, so that their rights come only from what the project's manifests and the
tests bind.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import secrets
from pathlib import Path

from tests.lab import certificates, settings
from tests.lab.basics import write

GROUP_OF = {
    "admin": "system:masters",
    "alice": "system:masters",
    "bob": "approvers",
    "ci-bot": "system:masters",
    "auditor-reader": "",
    "auditor-actor": "",
    "auditor-limited": "",
    "system:kube-controller-manager": "",
    "system:kube-scheduler": "",
    **{f"system:node:{node}": "system:nodes" for node in settings.NODES},
}
TOKENS = settings.STATE / "tokens.csv"


def kubeconfig(user: str) -> Path:
    """Where the user's kubeconfig is."""
    return settings.STATE / f"kubeconfig-{user.replace(':', '-')}"


def tokens() -> dict[str, str]:
    """Each user's token, as the API server's token file has it."""
    if not TOKENS.exists():
        return {}
    with TOKENS.open(newline="") as file:
        return {row[1]: row[0] for row in csv.reader(file)}


def write_kubeconfig(path: Path, user: str, token: str, server: str = settings.API_SERVER) -> Path:
    """Write a kubeconfig (JSON is YAML) that trusts the lab's authority alone; mode 0600."""
    authority = base64.b64encode(certificates.CA.read_bytes()).decode()
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "lab",
        "clusters": [{"name": "lab", "cluster": {"server": server, "certificate-authority-data": authority}}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": user}}],
    }
    write(path, json.dumps(config, indent=1) + "\n", 0o600)
    return path


def make() -> None:
    """Write the token file and all kubeconfigs; tokens that are already given stay."""
    given = tokens()
    all_tokens = {user: given.get(user) or secrets.token_hex(16) for user in GROUP_OF}
    if all_tokens != given:
        text = io.StringIO()
        rows = [[token, user, user, GROUP_OF[user]] for user, token in all_tokens.items()]
        csv.writer(text, lineterminator="\n").writerows(rows)
        write(TOKENS, text.getvalue(), 0o600)
    for user, token in all_tokens.items():
        if not kubeconfig(user).exists():
            write_kubeconfig(kubeconfig(user), user, token)
