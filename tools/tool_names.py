"""What the names of tools say: whether one writes what a file or a repository declares, or what somebody typed.

The name is the request's field manager, else its user agent: a claim, which whoever writes can choose.
"""

from __future__ import annotations

from collections.abc import Iterable

DECLARATIVE = (
    "kubectl-client-side-apply",
    "kubectl-create",
    "kubectl-replace",
    "kubectl-last-applied",
    "helm",
    "terraform",
    "hashicorp",  # the first word of Terraform's user agent
    "pulumi",
    "kustomize",
    "argocd",
    "kapp",
    "flux",
    "before-first-apply",
    "opentofu",
    "cloudformation",
    "aws-cdk",
    "aws-sam",
)
"""How the names of tools begin that write what a file or a repository declares."""
IMPERATIVE = (
    "kubectl",
    "k9s",
    "lens",
    "node-fetch",
    "mozilla",
    "dashboard",
    "openshift-console",
    "aws-console",
    "aws-cli",
    "awspowershell",
    "aws-tools",
    "argocd-server",  # the buttons of its user interface; what is in Git its controller applies
)
"""How the names of tools begin that write what somebody typed. Of both lists the longest beginning decides."""
APPLY = "kubectl"
"""The field manager of `kubectl apply --server-side`. Commands that name no field manager (scale, rollout undo) go by
their user agent (`kubectl/v1.36.3`) in the log, and in managedFields by the same name as an Update."""


def leaning(tool: str, declarative: Iterable[str] = ()) -> int:
    """Above 0 for a tool that declares, below for one that types, 0 for one that is not known; `declarative` are
    further beginnings of names of tools that declare."""
    declares = max((len(known) for known in (*DECLARATIVE, *declarative) if _begins(tool, known)), default=0)
    types = max((len(known) for known in IMPERATIVE if _begins(tool, known)), default=0)
    return declares - types or (1 if declares else 0)


def _begins(tool: str, known: str) -> bool:
    return tool.lower().startswith(known.lower())
