"""Which pool a node belongs to: a well-known node group label, else its role, else `default`."""

from __future__ import annotations

POOL_LABELS = (
    "eks.amazonaws.com/nodegroup",
    "alpha.eksctl.io/nodegroup-name",
    "cloud.google.com/gke-nodepool",
    "kubernetes.azure.com/agentpool",
    "karpenter.sh/nodepool",
    "kops.k8s.io/instancegroup",
    "doks.digitalocean.com/node-pool",
)
"""Labels that name a node's group, in the order in which they are asked."""

_ROLE = "node-role.kubernetes.io/"


def pool_of(labels: dict[str, str]) -> str:
    """The name of the pool that a node's labels put it in."""
    for label in POOL_LABELS:
        if labels.get(label):
            return labels[label]
    roles = sorted(label.removeprefix(_ROLE) for label in labels if label.startswith(_ROLE))
    return "+".join(role for role in roles if role) or "default"
