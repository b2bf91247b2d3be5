"""Which rights an account needs on a cluster, and what the cluster itself says that it has (SelfSubjectAccessReview).

What is listed comes from the collector's own table; `deploy/kubernetes/*.yaml` grant exactly this, and a test says so.
"""

from __future__ import annotations

import msgspec

from tools.collect.kubernetes.api import Api, ApiFailure
from tools.collect.kubernetes.gaps import OPTIONAL
from tools.collect.kubernetes.live import IDENTITY, LISTS

REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
ANONYMOUS = "system:anonymous"


class Right(msgspec.Struct, frozen=True, order=True):
    """One verb on one resource (`pods`, or with its subresource `pods/eviction`, as a ClusterRole writes it) of an API
    group (empty: the core group), of one name or of all. `kind` is what the resource holds."""

    group: str
    resource: str
    verb: str
    kind: str
    name: str = ""

    def __str__(self) -> str:
        of = f"{self.resource}.{self.group}" if self.group else self.resource
        return f"{self.verb} {of}" + (f"/{self.name}" if self.name else "")


class Account(msgspec.Struct, frozen=True):
    """Who the cluster takes these credentials for (SelfSubjectReview)."""

    user: str
    groups: tuple[str, ...] = ()


def right_of(kind: str, path: str, verb: str = "list") -> Right:
    """The right that a request to a path of the API needs: a list, or one object of the core group in no namespace."""
    _, root, *rest = path.split("/")
    group, rest = ("", rest[1:]) if root == "api" else (rest[0], rest[2:])
    return Right(group, rest[0], verb, kind, rest[1] if len(rest) > 1 else "")


def lists() -> list[Right]:
    """What the collector lists."""
    return [right_of(kind, path) for kind, path in LISTS.items()]


def identity() -> Right:
    """What names the cluster: its kube-system namespace."""
    return right_of("Namespace", IDENTITY, "get")


def _written(verb: str) -> list[Right]:
    return [right_of(kind, LISTS[kind], verb) for kind in ("Deployment", "Node")]


def reading() -> list[Right]:
    """What `audit`, `trace`, `explain` and `plan` need: lists, the identity, and the objects that a plan is about."""
    return [*lists(), identity(), *_written("get"), right_of("ReplicaSet", LISTS["ReplicaSet"], "get")]


def acting() -> list[Right]:
    """What `execute` and `resume` need: to write what actions write, and to see whether it worked."""
    seen = [right for right in lists() if right.kind not in OPTIONAL]
    gets = [*_written("get"), right_of("ReplicaSet", LISTS["ReplicaSet"], "get")]
    evict = Right("", "pods/eviction", "create", "Pod")
    sets = [right_of(kind, LISTS[kind], "patch") for kind in ("StatefulSet", "DaemonSet")]
    return [*_written("patch"), *sets, *gets, evict, *seen, identity()]


def whoami(api: Api) -> Account:
    """Who these credentials are. Raises `ApiFailure`."""
    answer = api.post(WHO, {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"})
    info = (answer.get("status") or {}).get("userInfo") or {}
    return Account(str(info.get("username") or ""), tuple(map(str, info.get("groups") or ())))


def refusal(api: Api, right: Right) -> str:
    """Why the cluster would refuse this; empty where it would allow it. Raises `ApiFailure`, `broken` where the answer
    does not say."""
    resource, _, subresource = right.resource.partition("/")
    asked = {"verb": right.verb, "group": right.group, "resource": resource, "name": right.name}
    asked |= {"subresource": subresource} if subresource else {}
    if right.resource == "namespaces":
        asked["namespace"] = right.name  # a namespace is in itself, as the API server sees a request for it
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
    answer = api.post(REVIEWS, {**review, "spec": {"resourceAttributes": asked}}).get("status") or {}
    if not isinstance(answer.get("allowed"), bool):
        raise ApiFailure(200, "broken", f"POST {REVIEWS}: the answer does not say whether {right} is allowed")
    if answer["allowed"]:
        return ""
    return str(answer.get("reason") or answer.get("evaluationError") or "no rule allows it")
