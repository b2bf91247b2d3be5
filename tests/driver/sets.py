"""A StatefulSet or a DaemonSet with two instances (or `size`), of which a release never gets ready."""

from __future__ import annotations

import json
from typing import Any

from tests.driver import command
from tests.driver.loop import Loop
from tests.lab import control_plane, settings, users
from tests.lab.basics import LabError
from tests.lab.cluster import Lab
from tests.lab.manifests import workload
from tests.lab.scenarios import rollout
from tests.lab.scenarios.healthy_sets import sized

RESOURCES = {"StatefulSet": "statefulsets", "DaemonSet": "daemonsets"}
GRACE = 3
"""Seconds after which a rollout without a deadline counts as failed, as these tests set it."""


class Set:
    """A workload of a kind without a deadline; `spec` adds to it."""

    def __init__(self, lab: Lab, namespace: str, kind: str, name: str = "set", size: int = 2, **spec: Any) -> None:
        self.size = size
        self.lab, self.namespace, self.kind, self.name = lab, namespace, kind, name
        self.spec: dict[str, Any] = {**sized(kind), **spec}
        self.first, self.prior, self.broken = lab.image("app:v1"), lab.image("app:v2"), lab.image("app:v3")

    def apply(self, image: str, **spec: Any) -> None:
        """Let the pipeline apply it with another image, and with what of its specification is other than usual."""
        self.lab.apply(workload(self.kind, self.name, image, **{**self.spec, **spec}), self.namespace)

    def release(self, image: str) -> None:
        """Roll out a good release, and wait until it is whole."""
        self.apply(image)
        self.lab.wait(f"{self.name} to be whole", lambda: self.whole(image), 60)

    def replace(self, name: str) -> None:
        """Delete one of its pods, as a person does where its strategy replaces none."""
        self.lab.kubectl("delete", "pod", name, "-n", self.namespace, "--wait=true", user="alice")

    def break_(self, running: int = 1) -> None:
        """Roll out the broken release, and wait until that many pods run it and have done so for the grace."""
        self.apply(self.broken)
        self.wait_broken(running)

    def wait_broken(self, running: int) -> None:
        """Wait until that many pods run the broken release."""

        def begun() -> bool:
            found = [pod for pod in self.pods() if rollout.image_of(pod) == self.broken]
            return len(found) == running and all(pod["status"]["phase"] == "Running" for pod in found)

        self.lab.wait(f"{running} of {self.name} to run the broken release", begun, 45)

    @property
    def live(self) -> dict[str, Any]:
        """The workload as the API has it now."""
        return self._read(f"{RESOURCES[self.kind]}/{self.name}")

    @property
    def image(self) -> str:
        """The image that its template names now."""
        return rollout.image_of(self.live)

    def revision(self, image: str) -> dict[str, Any]:
        """The ControllerRevision of an image."""
        found = self._read("controllerrevisions")["items"]
        named = [item for item in found if item["metadata"]["name"].startswith(f"{self.name}-")]
        return next(i for i in named if i["data"]["spec"]["template"]["spec"]["containers"][0]["image"] == image)

    def pods(self) -> list[dict[str, Any]]:
        """Its pods that are not ending, by name."""
        found = [pod for pod in self._read("pods", "api/v1")["items"] if "deletionTimestamp" not in pod["metadata"]]
        mine = [pod for pod in found if pod["metadata"]["labels"].get("app") == self.name]
        return sorted(mine, key=lambda pod: str(pod["metadata"]["name"]))

    def images(self) -> list[str]:
        """What its pods name, in the order of their names."""
        return [rollout.image_of(pod) for pod in self.pods()]

    def whole(self, image: str) -> bool:
        """Whether its pods are ready and of this image, and its controller has seen its template."""
        found, live = self.pods(), self.live
        seen = live["status"].get("observedGeneration") == live["metadata"]["generation"]
        return (
            seen
            and len(found) == self.size
            and all(rollout.is_ready(p) and rollout.image_of(p) == image for p in found)
        )

    def finding(self, loop: Loop) -> str:
        """The fingerprint of the one finding about its rollout, once the auditor has it."""
        uid = self.live["metadata"]["uid"]
        seen: list[dict[str, Any]] = []

        def found() -> str:
            report = command.run(loop.home, "audit", "--json", "--kubeconfig", loop.reader).report
            seen[:] = [f for f in report["findings"] if f["owner"]["uid"] == uid and f["check"] == "rollout-complete"]
            mine = [f["fingerprint"] for f in seen if f["verdict"] == "violation"]
            return mine[0] if len(mine) == 1 else ""

        try:
            return self.lab.wait(f"a finding about {self.name}", found, GRACE + 30)
        except LabError as error:
            told = [(f["verdict"], f["code"], f["message"]) for f in seen]
            raise AssertionError(f"{error}; last seen: {told}, {self.live['status']}, {self.images()}") from error

    def _read(self, what: str, group: str = "apis/apps/v1") -> dict[str, Any]:
        url = f"{settings.API_SERVER}/{group}/namespaces/{self.namespace}/{what}"
        found: dict[str, Any] = json.loads(control_plane.get(url, users.tokens()["admin"]))
        return found
