"""The control plane: etcd, the API server with its audit log, the controller manager and the scheduler."""

from __future__ import annotations

import ssl
import urllib.request

from tests.lab import certificates, processes, settings, users
from tests.lab.basics import wait

DAEMONS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")


def get(url: str, token: str | None = None) -> bytes:
    """GET a loopback URL; https is verified against the lab's authority."""
    trust = ssl.create_default_context(cafile=str(certificates.CA)) if url.startswith("https") else None
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, timeout=5, context=trust) as answer:
        return bytes(answer.read())


def start_etcd() -> None:
    client, peer = (f"http://{settings.LOOPBACK}:{p}" for p in (settings.ETCD_PORT, settings.ETCD_PEER_PORT))
    processes.start("etcd", [
        "etcd", "--name", "lab", "--data-dir", settings.STATE / "etcd",
        "--listen-client-urls", client, "--advertise-client-urls", client,
        "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", f"lab={peer}",
        "--auto-compaction-retention", "1h",
    ])  # fmt: skip


def start_apiserver() -> None:
    pki = settings.PKI
    processes.start("kube-apiserver", [
        settings.BINARIES / "kube-apiserver",
        "--etcd-servers", f"http://{settings.LOOPBACK}:{settings.ETCD_PORT}",
        "--bind-address", settings.LOOPBACK, "--advertise-address", settings.LOOPBACK,
        "--secure-port", str(settings.API_PORT), "--endpoint-reconciler-type", "none",
        "--tls-cert-file", pki / "apiserver.crt", "--tls-private-key-file", pki / "apiserver.key",
        "--client-ca-file", certificates.CA, "--token-auth-file", users.TOKENS,
        "--authorization-mode", "Node,RBAC", "--allow-privileged",
        "--service-account-key-file", certificates.SERVICE_ACCOUNT_KEY,
        "--service-account-signing-key-file", certificates.SERVICE_ACCOUNT_KEY,
        "--service-account-issuer", settings.API_SERVER,
        "--service-cluster-ip-range", settings.SERVICE_SUBNET,
        "--kubelet-preferred-address-types", "Hostname", "--kubelet-certificate-authority", certificates.CA,
        "--kubelet-client-certificate", pki / "kubelet-client.crt",
        "--kubelet-client-key", pki / "kubelet-client.key",
        "--audit-log-path", settings.AUDIT_LOG, "--audit-policy-file", settings.AUDIT_POLICY,
        "--audit-log-maxsize", "500", "--audit-log-mode", "blocking",
    ])  # fmt: skip


def start_controllers() -> None:
    """The controller manager and the scheduler; the API server should be ready."""
    processes.start("kube-controller-manager", [
        settings.BINARIES / "kube-controller-manager",
        "--kubeconfig", users.kubeconfig("system:kube-controller-manager"), "--leader-elect=false",
        "--bind-address", settings.LOOPBACK, "--secure-port", str(settings.CONTROLLER_MANAGER_PORT),
        "--allocate-node-cidrs", "--cluster-cidr", settings.POD_SUBNET, "--node-cidr-mask-size", "24",
        "--service-cluster-ip-range", settings.SERVICE_SUBNET, "--controllers", "*,-cloud-node-lifecycle",
        "--service-account-private-key-file", certificates.SERVICE_ACCOUNT_KEY,
        "--root-ca-file", certificates.CA,
        "--use-service-account-credentials=true",  # else the controllers are forbidden, and silent
        "--kube-api-qps", "300", "--kube-api-burst", "600",
        "--node-monitor-grace-period", "300s",  # a busy machine must not make its nodes flap
    ])  # fmt: skip
    processes.start("kube-scheduler", [
        settings.BINARIES / "kube-scheduler", "--kubeconfig", users.kubeconfig("system:kube-scheduler"),
        "--leader-elect=false", "--bind-address", settings.LOOPBACK,
        "--secure-port", str(settings.SCHEDULER_PORT),
    ])  # fmt: skip


def wait_until_ready(seconds: float = 90) -> None:
    """Wait until the API server says that it is ready; a daemon that has ended is reported at once."""
    token = users.tokens()["admin"]

    def answered() -> bool:
        processes.require("etcd")
        processes.require("kube-apiserver")
        return get(f"{settings.API_SERVER}/readyz", token) == b"ok"

    wait("the API server", answered, seconds)
