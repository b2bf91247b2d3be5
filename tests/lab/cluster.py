"""The lab as tests see it: `Lab` runs kubectl as any user, names images, makes namespaces, drifts a node."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from tests.lab import basics, credentials, lifecycle, nodes, registry, settings, users

T = TypeVar("T")
NAMESPACE_LABEL = "auditor-lab/namespace"  # on an object of the cluster that goes with a namespace
_POLICIES = "mutatingadmissionpolicies,mutatingadmissionpolicybindings"
_WORKLOADS = "deployments,statefulsets,daemonsets,replicasets,jobs,cronjobs"


class Lab:
    """A lab that is up. It holds no state of its own: two of them are the same lab."""

    @property
    def audit_log(self) -> Path:
        """The API server's audit log, JSON lines of audit.k8s.io/v1 Events."""
        return settings.AUDIT_LOG

    @property
    def audit_policy(self) -> Path:
        """The policy that the audit log was written under."""
        return settings.AUDIT_POLICY

    @property
    def planted(self) -> Path:
        """The folder where scenarios write down what they planted."""
        return settings.STATE / "planted"

    def audit_tail(self, size: int = 1 << 20) -> list[str]:
        """The last lines of the audit log, of about that many bytes."""
        with self.audit_log.open("rb") as file:
            file.seek(max(0, self.audit_log.stat().st_size - size))
            return file.read().decode(errors="replace").splitlines()

    def up(self) -> None:
        lifecycle.up()

    def kubeconfig(self, user: str) -> Path:
        """The kubeconfig of one of the lab's users."""
        if user not in users.GROUP_OF:
            raise basics.LabError(f"the lab has no user {user!r}; it has {', '.join(users.GROUP_OF)}")
        return users.kubeconfig(user)

    def expired_kubeconfig(self) -> Path:
        """A kubeconfig whose token, of the service account default/default, has expired: it gets a 401."""
        return self.service_account_kubeconfig("default", "default", lifetime=-60)

    def service_account_kubeconfig(self, namespace: str, name: str, lifetime: int = 3600) -> Path:
        """A kubeconfig of a service account, good for that many seconds (negative: expired)."""
        uid = self.get("serviceaccount", name, namespace)["metadata"]["uid"]
        return credentials.service_account_kubeconfig(namespace, name, uid, lifetime)

    def unreachable_kubeconfig(self) -> Path:
        """A kubeconfig that points at a port on which nothing listens."""
        return credentials.unreachable_kubeconfig()

    def kubectl(
        self,
        *args: str,
        user: str = "admin",
        stdin: str | None = None,
        check: bool = True,
        config: Path | None = None,
        editor: str = "",
    ) -> str:
        """Run kubectl as a user, or with another kubeconfig, and return its standard output; `kubectl edit` runs the
        editor, a shell command, on its file."""
        env = {**os.environ, "KUBECONFIG": str(config or self.kubeconfig(user)), "KUBE_EDITOR": editor}
        return basics.run([*self._kubectl, *args], stdin=stdin, check=check, env=env)

    @contextmanager
    def kubectl_meanwhile(self, *args: str, user: str) -> Iterator[subprocess.Popen[str]]:
        """Run kubectl as a user for as long as the block lasts, such as a port-forward; its output can be read."""
        env = {**os.environ, "KUBECONFIG": str(self.kubeconfig(user))}
        argv = [*self._kubectl, *args]
        with subprocess.Popen(argv, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            try:
                yield process
            finally:
                process.terminate()

    @property
    def _kubectl(self) -> list[str]:
        return [str(settings.BINARIES / "kubectl"), "--cache-dir", str(settings.STATE / "kubectl-cache")]

    def get(self, kind: str, name: str, namespace: str | None = None) -> dict[str, Any]:
        """One object as the API has it, with its managed fields."""
        where = ["-n", namespace] if namespace else []
        text = self.kubectl("get", kind, name, *where, "-o", "json", "--show-managed-fields")
        found: dict[str, Any] = json.loads(text)
        return found

    def objects(self, kind: str, namespace: str | None = None, selector: str = "") -> list[dict[str, Any]]:
        """All objects of a kind, by label if asked, sorted by name."""
        where = ["-n", namespace] if namespace else []
        text = self.kubectl("get", kind, *where, "-l", selector, "-o", "json", "--show-managed-fields")
        items: list[dict[str, Any]] = json.loads(text)["items"]
        return sorted(items, key=lambda item: str(item["metadata"]["name"]))

    def apply(self, manifest: dict[str, Any], namespace: str, user: str = "ci-bot") -> dict[str, Any]:
        """`kubectl apply` one object and return it as the server answers."""
        text = self.kubectl("apply", "-n", namespace, "-f", "-", "-o", "json", user=user, stdin=json.dumps(manifest))
        found: dict[str, Any] = json.loads(text)
        return found

    def wait(self, what: str, predicate: Callable[[], T | None], seconds: float = 30) -> T:
        """Wait until the predicate gives something true and return that."""
        return basics.wait(what, predicate, seconds)

    def digest(self, name: str) -> str:
        """The manifest digest of an image such as `app:v2`."""
        return registry.digests()[name]

    def image(self, name: str, pinned: bool = True) -> str:
        """The reference of an image such as `app:v2`: by digest, or by tag."""
        if not pinned:
            return f"{settings.REGISTRY}/{name}"
        return f"{settings.REGISTRY}/{name.split(':')[0]}@{self.digest(name)}"

    def namespace(self, name: str) -> str:
        """Make a fresh namespace, in place of an older one, and wait until pods can be made in it."""
        self.delete_namespace(name)
        self.kubectl("create", "namespace", name)
        self.wait(f"service account of {name}", lambda: self.get("serviceaccount", "default", name), 20)
        return name

    def delete_namespace(self, name: str) -> None:
        """Delete a namespace with all that is in it, without grace, and wait until it is gone."""
        if self.kubectl("get", "namespace", name, "--ignore-not-found", "-o", "name"):
            self.discard_namespace(name)
            self.kubectl("wait", "--for=delete", f"namespace/{name}", "--timeout=60s")

    def discard_namespace(self, name: str) -> None:
        """The same without waiting; a namespace that isn't there is no error."""
        for node in settings.NODES.values():
            for file in node.static_pods.glob(f"{name}.*"):
                file.unlink(missing_ok=True)
        self.kubectl("delete", _POLICIES, "-l", f"{NAMESPACE_LABEL}={name}")
        self.kubectl("delete", "-n", name, _WORKLOADS, "--all", "--wait=false")
        self.kubectl("delete", "-n", name, "pods", "--all", "--grace-period=0", "--force", "--wait=false")
        self.kubectl("delete", "namespace", name, "--wait=false", "--ignore-not-found")

    def drift_node(self, name: str) -> None:
        """Let the node run the kubelet of another version, and wait until the API shows it."""
        self._run_kubelet(name, settings.DRIFTED_VERSION)

    def restore_node(self, name: str) -> None:
        """Let the node run the lab's normal kubelet again."""
        self._run_kubelet(name, settings.KUBERNETES_VERSION)

    def _run_kubelet(self, name: str, version: str) -> None:
        with basics.locked():
            nodes.start_kubelet(settings.NODES[name], version)
            nodes.wait_until_ready(settings.NODES[name])
