"""A Deployment whose rollout can fail again and again, in a few seconds each time, while its prior release serves."""

from __future__ import annotations

import json
import ssl
import urllib.request
from contextlib import suppress
from typing import Any

from tests.driver import command
from tests.driver.loop import Loop
from tests.lab import certificates, control_plane, settings, users
from tests.lab.basics import LabError
from tests.lab.cluster import Lab
from tests.lab.manifests import deployment
from tests.lab.scenarios import rollout
from tests.lab.scenarios.broken_release import progressing

DEADLINE = 3  # seconds in which a rollout of the shop must make progress


class Shop:
    """`prior` serves, and each `break_` rolls out the release that never gets ready.

    `stopping` is how many seconds a pod takes to end; `pod` adds to the pods' specification, `spec` to the Deployment.
    """

    def __init__(
        self,
        lab: Lab,
        namespace: str,
        name: str = "shop",
        prior: str = "app:v2",
        stopping: int = 0,
        pod: dict[str, Any] | None = None,
        **spec: Any,
    ) -> None:
        self.lab = lab
        self.namespace = namespace
        self.name = name
        self.spec = {"replicas": 2, "progressDeadlineSeconds": DEADLINE, **spec}
        self.prior, self.broken = lab.image(prior), lab.image("app:v3")
        self.stopping, self.pod = stopping, pod or {}
        self.findings: dict[str, str] = {}

    def release(self, image: str) -> None:
        """Roll out a good release, and wait until it is whole."""
        self.apply(image)
        self.lab.wait(f"{self.name} to be rolled out", lambda: self._complete() and self.runs_only(image), 60)

    def apply(self, image: str) -> None:
        """Let the pipeline apply the Deployment with another image."""
        manifest = deployment(self.name, image, **self.spec)
        pod = manifest["spec"]["template"]["spec"]
        pod |= self.pod
        if self.stopping:
            pod["terminationGracePeriodSeconds"] = self.stopping + 2
            pod["containers"][0]["lifecycle"] = {"preStop": {"sleep": {"seconds": self.stopping}}}
        self.lab.apply(manifest, self.namespace)

    def break_(self) -> None:
        """Let the rollout of the broken release fail, unless it has, starting from a whole prior release.

        Where the Deployment controller's first status writes meet a conflict (409), a rollout to a ReplicaSet that
        it knows may keep the condition of the one before, and its deadline is never reported: then once more.
        """
        for _ in range(3):
            if self.image == self.broken and self._failed():
                return
            self.release(self.prior)
            self.apply(self.broken)
            with suppress(LabError):
                self.lab.wait(f"{self.name} to fail", self._failed, DEADLINE + 8)
        assert self._failed(), self.live["status"]

    @property
    def live(self) -> dict[str, Any]:
        """The Deployment as the API has it now."""
        return self._read(f"deployments/{self.name}")

    @property
    def image(self) -> str:
        """The image that the Deployment's template names now."""
        return rollout.image_of(self.live)

    def release_of(self, image: str) -> dict[str, Any]:
        """The ReplicaSet of an image."""
        found = self._read("replicasets")["items"]
        return next(item for item in found if self.name in item["metadata"]["name"] and rollout.image_of(item) == image)

    def runs_only(self, image: str) -> bool:
        """Whether every pod that is not ending is ready, and of this image."""
        found = [pod for pod in self._read("pods", "api/v1")["items"] if "deletionTimestamp" not in pod["metadata"]]
        found = [pod for pod in found if pod["metadata"]["labels"].get("app") == self.name]
        good = [pod for pod in found if rollout.is_ready(pod) and rollout.image_of(pod) == image]
        return len(good) == len(found) and len(good) == int(self.spec["replicas"])

    def pods(self) -> list[str]:
        """The names of its pods that are not ending."""
        found = [pod for pod in self._read("pods", "api/v1")["items"] if "deletionTimestamp" not in pod["metadata"]]
        return [pod["metadata"]["name"] for pod in found if pod["metadata"]["labels"].get("app") == self.name]

    def finding(self, loop: Loop, code: str = "deadline-exceeded") -> str:
        """The fingerprint of the finding about this Deployment; asked of the auditor once, since it is stable."""
        if code not in self.findings:
            report = command.run(loop.home, "audit", "--json", "--kubeconfig", loop.reader).report
            uid = self.live["metadata"]["uid"]
            found = [f for f in report["findings"] if f["owner"]["uid"] == uid and f["code"] == code]
            assert len(found) == 1, report["findings"]
            self.findings[code] = found[0]["fingerprint"]
        return self.findings[code]

    def note(self, key: str, value: str) -> None:
        """Write an annotation on the Deployment, as admin."""
        url = f"{settings.API_SERVER}/apis/apps/v1/namespaces/{self.namespace}/deployments/{self.name}"
        body = json.dumps({"metadata": {"annotations": {key: value}}}).encode()
        headers = {"Content-Type": "application/merge-patch+json", "Authorization": f"Bearer {users.tokens()['admin']}"}
        trust = ssl.create_default_context(cafile=str(certificates.CA))
        request = urllib.request.Request(url, body, headers, method="PATCH")
        with urllib.request.urlopen(request, timeout=5, context=trust) as answer:
            answer.read()

    def _failed(self) -> bool:
        return self._progressing() == ("False", "ProgressDeadlineExceeded")

    def _complete(self) -> bool:
        return self._progressing() == ("True", "NewReplicaSetAvailable")

    def _progressing(self) -> tuple[str, str]:
        """Status and reason of the Progressing condition, once the controller has seen the newest specification."""
        live = self.live
        seen = live["status"].get("observedGeneration") == live["metadata"]["generation"]
        return progressing(live) if seen else ("", "")

    def _read(self, what: str, group: str = "apis/apps/v1") -> dict[str, Any]:
        """GET below the namespace, as admin: without a process of kubectl for each look."""
        url = f"{settings.API_SERVER}/{group}/namespaces/{self.namespace}/{what}"
        found: dict[str, Any] = json.loads(control_plane.get(url, users.tokens()["admin"]))
        return found
