"""The contexts of a kubeconfig: which there are, which is current, and whether each one's cluster answers.

Only the address is asked, with what the kubeconfig holds; a context whose credentials run a program is not asked, for
that program may open a browser.
"""

from __future__ import annotations

from typing import Any

import msgspec
import yaml
from kubernetes import config as kube_config

from tools.collect.kubernetes.api import Api, ApiFailure, connect
from tools.errors import SourceError

GITOPS = {"argoproj.io": "Argo", "kustomize.toolkit.fluxcd.io": "Flux", "helm.toolkit.fluxcd.io": "Flux"}
"""The API groups that a GitOps controller brings, and what it is called."""


class Context(msgspec.Struct, frozen=True):
    """One context. `problem` says why its cluster gave no answer that can be used; empty where it did."""

    name: str
    current: bool = False
    problem: str = ""


def contexts(kubeconfig: str = "", chosen: str = "", timeout: float = 3.0) -> list[Context]:
    """All contexts, each asked for its version, the chosen one (or else the current) first; a program is run for that
    one alone. Raises `SourceError` where the kubeconfig can't be read or has no such context."""
    try:
        rows, active = kube_config.list_kube_config_contexts(kubeconfig or None)
        named = chosen or str((active or {}).get("name") or "")
        runs = {str(row["name"]): _runs_program(str((row.get("context") or {}).get("user") or ""), kubeconfig)
                for row in rows}  # fmt: skip
    except (kube_config.ConfigException, OSError, yaml.YAMLError, TypeError, ValueError, AttributeError) as error:
        raise SourceError(
            f"kubeconfig {kubeconfig} can't be used" if kubeconfig else "the kubeconfig can't be used",
            str(error) or type(error).__name__,
            "kubectl config get-contexts shows what there is; --kubeconfig and --context choose",
        ) from error
    if chosen and chosen not in runs:
        raise SourceError(f"there is no context {chosen!r}", f"known: {', '.join(sorted(runs)) or 'none'}")
    found = []
    for name in sorted(runs, key=lambda one: (one != named, one)):
        skipped = "not asked: its credentials run a program" if runs[name] and name != named else ""
        found.append(Context(name, name == named, skipped or _problem(kubeconfig, name, timeout)))
    return found


def _runs_program(user: str, kubeconfig: str) -> bool:
    merger = kube_config.kube_config.KubeConfigMerger(kubeconfig or kube_config.KUBE_CONFIG_DEFAULT_LOCATION)
    for row in _plain(_plain(merger.config).get("users")) or []:
        found = _plain(row)
        if found.get("name") == user:
            told = _plain(found.get("user")) or {}
            return bool(told.get("exec") or told.get("auth-provider"))
    return False


def _plain(node: Any) -> Any:
    """What a node of the client's merged kubeconfig holds."""
    return node.value if isinstance(node, kube_config.kube_config.ConfigNode) else node


def _problem(kubeconfig: str, name: str, timeout: float) -> str:
    try:
        connect(kubeconfig, name, timeout).read("/version")
    except SourceError as error:
        return error.cause or error.message
    except ApiFailure as failure:
        return str(failure)
    return ""


def gitops(api: Api) -> list[str]:
    """The GitOps controllers whose API groups the cluster serves; none where it does not say."""
    try:
        groups = api.read("/apis").get("groups")
    except ApiFailure:
        return []
    names = {str(group.get("name")) for group in groups or [] if isinstance(group, dict)}
    return sorted({told for group, told in GITOPS.items() if group in names})
