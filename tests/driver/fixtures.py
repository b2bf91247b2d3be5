"""What the tests of the loop share, as pytest fixtures: use them with `pytest_plugins = ["tests.driver.fixtures"]`."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.driver.loop import Loop
from tests.driver.rights import grant_as_shipped
from tests.driver.seen import Seen
from tests.driver.shop import Shop
from tests.lab.cluster import Lab


@pytest.fixture(scope="module")
def granted(lab: Lab) -> Lab:
    """The lab, with the reader's and the actor's manifests applied and bound to them."""
    grant_as_shipped(lab)
    return lab


@pytest.fixture
def loop(granted: Lab, tmp_path: Path) -> Loop:
    """A home and a store for one test."""
    return Loop(granted, tmp_path)


@pytest.fixture(scope="module")
def shop(granted: Lab) -> Iterator[Shop]:
    """A Deployment that has two good releases, v1 and then v2, and that each test breaks anew."""
    namespace = granted.namespace(f"shop-{secrets.token_hex(3)}")
    shop = Shop(granted, namespace)
    shop.release(granted.image("app:v1"))
    shop.release(shop.prior)
    yield shop
    granted.discard_namespace(namespace)


@pytest.fixture(scope="module")
def _node(granted: Lab) -> Iterator[str]:
    name = f"host-{secrets.token_hex(3)}"
    labels = {"eks.amazonaws.com/nodegroup": name}
    taint = {"key": "example.com/no-machine", "effect": "NoSchedule"}  # no DaemonSet counts on a pod there
    node = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "spec": {"taints": [taint]},
    }
    granted.kubectl("create", "-f", "-", stdin=json.dumps(node))
    yield name
    granted.kubectl("delete", "node", name)


@pytest.fixture
def host(granted: Lab, _node: str) -> str:
    """A Node object without a machine, in a pool of its own and schedulable: cordoning it disturbs nobody."""
    granted.kubectl("uncordon", _node)
    return _node


@pytest.fixture
def seen(granted: Lab) -> Seen:
    """The cluster's audit log from the test's beginning."""
    return Seen(granted)
