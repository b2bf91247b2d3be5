"""Where the lab keeps its things, which versions it runs, and on which loopback ports.

Everything that is made lives outside the checkout, in $AUDITOR_LAB or ~/.cache/auditor-lab. The ports, the
bridges and the pod subnets are fixed, so one machine runs one lab at a time.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
HOME = Path(os.environ.get("AUDITOR_LAB") or Path.home() / ".cache" / "auditor-lab")
BIN, STATE, RUN, LOG = HOME / "bin", HOME / "state", HOME / "run", HOME / "log"
PKI = STATE / "pki"
AUDIT_LOG = LOG / "audit.log"
AUDIT_POLICY = HERE / "audit-policy.yaml"

KUBERNETES_VERSION = "v1.36.3"
DRIFTED_VERSION = "v1.36.2"  # what the second kubelet says it is: the same source under another gitVersion
BINARIES = BIN / KUBERNETES_VERSION
DRIFTED_BINARIES = BIN / f"{DRIFTED_VERSION}-drifted"

LOOPBACK = "127.0.0.1"
ETCD_PORT, ETCD_PEER_PORT = 12379, 12380
API_PORT, CONTROLLER_MANAGER_PORT, SCHEDULER_PORT = 16443, 16257, 16259
API_SERVER = f"https://{LOOPBACK}:{API_PORT}"
REGISTRY = f"{LOOPBACK}:15001"
SERVICE_SUBNET, POD_SUBNET = "10.96.0.0/16", "10.244.0.0/16"


@dataclass(frozen=True)
class Node:
    """One node of the lab: a kubelet and a containerd of its own on this machine."""

    name: str
    index: int

    @property
    def state(self) -> Path:
        return STATE / self.name

    @property
    def static_pods(self) -> Path:
        """The folder from which the kubelet runs static pods (staticPodPath)."""
        return self.state / "static-pods"

    @property
    def containerd_run(self) -> Path:
        return RUN / f"{self.name}-containerd"

    @property
    def socket(self) -> Path:
        return RUN / f"{self.name}-containerd.sock"

    @property
    def bridge(self) -> str:
        return f"lab-{self.name}"

    @property
    def subnet_prefix(self) -> str:
        return f"10.244.{200 + self.index}."

    @property
    def kubelet_port(self) -> int:
        return 15250 + self.index

    @property
    def healthz_port(self) -> int:
        return 15260 + self.index


NODES = {name: Node(name, index) for index, name in enumerate(("node-a", "node-b"))}
