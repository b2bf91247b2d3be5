"""A Kubernetes cluster as a place to act in."""

from __future__ import annotations

from tools.collect.kubernetes import live
from tools.collect.kubernetes.api import Api, connect
from tools.collect.sources import Source
from tools.errors import ApiFailure, Refused
from tools.model.facts import Facts


class Cluster:
    """One cluster under one context's credentials."""

    asked = "SelfSubjectReview"

    def __init__(self, api: Api) -> None:
        self.client = api
        self.name = f"context {api.name}"

    @classmethod
    def open(cls, source: Source) -> Cluster:
        """The cluster of a source's context."""
        return cls(connect(source.kubeconfig, source.context, source.timeout))

    def scope(self) -> str:
        """The uid of its kube-system namespace."""
        return live.scope_id(self.client)

    def user(self) -> str:
        """The user name that the cluster knows these credentials by (authentication.k8s.io/v1 SelfSubjectReview)."""
        review = {"apiVersion": "authentication.k8s.io/v1", "kind": self.asked}
        try:
            answer = self.client.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", review)
        except ApiFailure as failure:
            raise Refused(
                "not-authenticated",
                "the cluster does not say who you are",
                str(failure),
                "use a context whose credentials it accepts",
            ) from failure
        name = str(answer["status"]["userInfo"].get("username", ""))
        if not name or name == "system:anonymous":
            raise Refused("not-authenticated", "the cluster takes you for nobody", f"user {name!r}", "log in to it")
        return name

    def collect(self) -> Facts:
        """A fresh look at all its lists."""
        return live.collect(self.client)
