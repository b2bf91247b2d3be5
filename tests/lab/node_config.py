"""The configuration of a node's containerd, CNI and kubelet.

The unusual settings make it run without systemd, inside a sandbox, and several times on one machine: cgroupfs
without the kubelet's own hierarchy, no change of oom scores, a bridge and a subnet for each node.
"""

from __future__ import annotations

import json

from tests.lab import certificates, settings
from tests.lab.basics import write
from tests.lab.settings import Node

_CONTAINERD = """\
version = 2
root = "{state}/containerd"
state = "{run}"
[grpc]
  address = "{socket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "{state}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{registry}/pause:lab"
  restrict_oom_score_adj = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{state}/cni"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{state}/certs.d"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
"""

_REGISTRY_HOST = """\
server = "http://{registry}"
[host."http://{registry}"]
  capabilities = ["pull", "resolve"]
"""


def _cni(node: Node) -> dict[str, object]:
    subnet = [[{"subnet": f"{node.subnet_prefix}0/24"}]]
    addresses = {"type": "host-local", "dataDir": str(node.state / "ipam"), "ranges": subnet}
    bridge = {"type": "bridge", "bridge": node.bridge, "isGateway": True, "ipMasq": False, "ipam": addresses}
    return {"cniVersion": "0.4.0", "name": node.bridge, "plugins": [bridge]}


def _kubelet(node: Node) -> dict[str, object]:
    """A KubeletConfiguration (kubelet.config.k8s.io/v1beta1)."""
    certificate, key = certificates.certificate(f"kubelet-{node.name}")
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": settings.LOOPBACK,
        "port": node.kubelet_port,
        "healthzBindAddress": settings.LOOPBACK,
        "healthzPort": node.healthz_port,
        "readOnlyPort": 0,
        "tlsCertFile": str(certificate),
        "tlsPrivateKeyFile": str(key),
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": False},
            "x509": {"clientCAFile": str(certificates.CA)},
        },
        "authorization": {"mode": "AlwaysAllow"},
        "containerRuntimeEndpoint": f"unix://{node.socket}",
        "cgroupDriver": "cgroupfs",
        "cgroupsPerQOS": False,
        "enforceNodeAllocatable": [],
        "failCgroupV1": False,
        "failSwapOn": False,
        "localStorageCapacityIsolation": False,
        "makeIPTablesUtilChains": False,
        "evictionHard": {},
        "imageMinimumGCAge": "240h",
        "syncFrequency": "10s",
        "podLogsDir": str(node.state / "pod-logs"),
        "staticPodPath": str(node.static_pods),
        "fileCheckFrequency": "1s",
    }


def make(node: Node) -> None:
    """Write the node's configuration files."""
    places = {"state": node.state, "run": node.containerd_run, "socket": node.socket}
    values = {**places, "registry": settings.REGISTRY}
    write(node.state / "containerd.toml", _CONTAINERD.format(**values))
    write(node.state / "certs.d" / settings.REGISTRY / "hosts.toml", _REGISTRY_HOST.format(**values))
    write(node.state / "cni" / "10-bridge.conflist", json.dumps(_cni(node), indent=1))
    node.static_pods.mkdir(parents=True, exist_ok=True)
    write(node.state / "kubelet.yaml", json.dumps(_kubelet(node), indent=1))
