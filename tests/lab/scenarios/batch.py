"""A Job and a CronJob whose Jobs have finished, and a Job that still runs: pods that end by design."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.lab import manifests
from tests.lab.cluster import Lab
from tests.lab.manifests import Manifest
from tests.lab.scenarios import rollout
from tests.lab.scenarios.planted import HEALTHY, Planted, planted, written

SCENARIO = "batch"


def short_job(name: str, image: str) -> Manifest:
    """A Job whose one pod lists a folder and ends."""
    made = manifests.job(name, image)
    container = made["spec"]["template"]["spec"]["containers"][0]
    del container["readinessProbe"]
    container["command"] = ["ls", "/"]
    return made


def cron_job(name: str, image: str) -> Manifest:
    """A CronJob (batch/v1) that never comes to its time by itself."""
    spec = {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": short_job(name, image)["spec"]}}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": name}, "spec": spec}


@written
def batch(lab: Lab, namespace: str) -> Iterator[Planted]:
    """Plant `once` (finished), `nightly` (a CronJob with a finished Job) and `long` (running)."""
    lab.namespace(namespace)
    image = lab.image("app:v1")
    for made in (short_job("once", image), cron_job("nightly", image), manifests.job("long", image)):
        lab.apply(made, namespace)
    lab.kubectl("create", "job", "nightly-1", "--from=cronjob/nightly", "-n", namespace, user="ci-bot")

    def settled() -> list[dict[str, Any]]:
        pods = lab.objects("pods", namespace)
        done = [pod for pod in pods if pod["status"]["phase"] == "Succeeded"]
        return pods if len(done) == 2 and sum(map(rollout.is_ready, pods)) == 1 else []

    pods = lab.wait("two pods to have finished and one to run", settled, 45)
    for item in (*lab.objects("jobs", namespace), *lab.objects("cronjobs", namespace), *pods):
        yield planted(SCENARIO, item, HEALTHY, "app" if item["kind"] == "Pod" else None)
