"""The manifest that grants what is missing: a ClusterRole of exactly that, bound to exactly this account."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence

from tools.collect.kubernetes.access import ANONYMOUS, Account, Right

API = "rbac.authorization.k8s.io"
_SERVICE_ACCOUNT = "system:serviceaccount:"


def manifest(rights: Sequence[Right], account: Account | None) -> str:
    """A ClusterRole with these rights, and its binding where the account is known and somebody.

    The name hangs on the content, so that applying it never takes away what an earlier manifest granted. The
    account's name is a JSON string, which YAML reads alike: nothing in it can end it.
    """
    rules = _rules(rights)
    subject = _subject(account)
    name = "auditor-grant-" + hashlib.sha256((rules + subject).encode()).hexdigest()[:10]
    role = f"apiVersion: {API}/v1\nkind: ClusterRole\nmetadata:\n  name: {name}\nrules:\n{rules}"
    if not subject:
        return role
    return (
        f"{role}---\napiVersion: {API}/v1\nkind: ClusterRoleBinding\nmetadata:\n  name: {name}\n"
        f"subjects:\n{subject}roleRef:\n  apiGroup: {API}\n  kind: ClusterRole\n  name: {name}\n"
    )


def _rules(rights: Sequence[Right]) -> str:
    """One rule for each group, name and set of verbs."""
    verbs = defaultdict[tuple[str, str, str], set[str]](set)
    for right in rights:
        verbs[right.group, right.name, right.resource].add(right.verb)
    resources = defaultdict[tuple[str, str, str], list[str]](list)
    for (group, name, resource), allowed in sorted(verbs.items()):
        resources[group, name, ", ".join(sorted(allowed))].append(resource)
    return "".join(
        f"- apiGroups: [{json.dumps(group)}]\n  resources: [{', '.join(named)}]\n  verbs: [{allowed}]\n"
        + (f"  resourceNames: [{name}]\n" if name else "")
        for (group, name, allowed), named in resources.items()
    )


def _subject(account: Account | None) -> str:
    if account is None or account.user in ("", ANONYMOUS):
        return ""
    if account.user.startswith(_SERVICE_ACCOUNT):
        namespace, _, name = account.user.removeprefix(_SERVICE_ACCOUNT).partition(":")
        return f"- kind: ServiceAccount\n  name: {json.dumps(name)}\n  namespace: {json.dumps(namespace)}\n"
    return f"- kind: User\n  apiGroup: {API}\n  name: {json.dumps(account.user)}\n"
