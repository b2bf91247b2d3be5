"""The ledger's anchors in real places: a ConfigMap of the lab's cluster with the shipped rights alone, and the lab's
registry. What was truncated on the machine is found by either."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

import pytest

from tests.driver import command
from tests.driver.loop import Loop
from tests.driver.rights import GROUP, MANIFESTS
from tests.lab import settings
from tests.lab.cluster import Lab

pytest_plugins = ["tests.driver.fixtures"]
pytestmark = pytest.mark.lab


@pytest.fixture
def allowed(granted: Lab, namespace: str) -> str:
    """A namespace with the shipped ConfigMap, and its Role bound to the acting account."""
    granted.namespace(namespace)
    granted.kubectl("apply", "-n", namespace, "-f", str(MANIFESTS / "anchor.yaml"))
    binding = {
        "apiVersion": f"{GROUP}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "auditor-ledger"},
        "roleRef": {"apiGroup": GROUP, "kind": "Role", "name": "auditor-ledger"},
        "subjects": [{"kind": "User", "name": "auditor-actor", "apiGroup": GROUP}],
    }
    granted.kubectl("apply", "-n", namespace, "-f", "-", stdin=json.dumps(binding))
    return namespace


def anchored_in(loop: Loop, place: str) -> None:
    loop.settings(f'[[policy.rules]]\nmode = "one-approver"\n[[ledger.anchors]]\n{place}\n')


def verified(loop: Loop) -> tuple[int, dict[str, Any]]:
    said = command.run(loop.home, "ledger", "verify", "--json", "--kubeconfig", loop.actor)
    return said.code, said.report


def truncate(loop: Loop) -> None:
    """Take the newest entries away, as somebody would who can write the file."""
    for (trigger,) in loop.sql("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'ledger'"):
        loop.sql(f"DROP TRIGGER {trigger}")
    loop.sql("DELETE FROM ledger WHERE number > 2")


def test_an_executed_plan_is_anchored_in_a_configmap(loop: Loop, host: str, allowed: str) -> None:
    anchored_in(loop, f'configmap = "{allowed}/auditor-ledger"')
    for wanted in ("--cordon", "--uncordon"):  # the second finds heads there already
        said = loop.execute(loop.approved(wanted, host))
        assert (said.code, "warning" in said.err) == (0, False), said
    code, proof = verified(loop)
    assert (code, proof["faults"]) == (0, [])
    assert proof["anchored"] == proof["proven"] == proof["entries"]
    data = loop.lab.get("configmap", "auditor-ledger", allowed)["data"]
    assert len(data) == 2
    truncate(loop)
    code, proof = verified(loop)
    assert code == 10
    assert "truncated" in [fault["code"] for fault in proof["faults"]]


def test_an_anchor_that_may_not_be_written_is_said_and_the_action_stands(loop: Loop, host: str, namespace: str) -> None:
    anchored_in(loop, f'configmap = "{namespace}/auditor-ledger"')
    said = loop.execute(loop.approved("--cordon", host))
    assert said.code == 0, said
    assert "warning" in said.err
    assert "forbidden" in said.err.lower()
    code, proof = verified(loop)
    assert code == 3
    assert "forbidden" in json.dumps(proof["anchors"]).lower()


def test_heads_are_anchored_in_a_registry(loop: Loop, host: str, tmp_path: Path) -> None:
    anchored_in(loop, f'oci = "{settings.REGISTRY}/ledger-{secrets.token_hex(3)}"')
    assert loop.execute(loop.approved("--cordon", host)).code == 0
    code, proof = verified(loop)
    assert (code, proof["faults"], proof["anchored"]) == (0, [], proof["entries"])
    again = command.run(loop.home, "ledger", "anchor", "--kubeconfig", loop.actor)
    assert again.code == 0, again
    truncate(loop)
    code, proof = verified(loop)
    assert code == 10
    assert "truncated" in [fault["code"] for fault in proof["faults"]]
    refused = command.run(loop.home, "ledger", "anchor", "--kubeconfig", loop.actor)
    assert refused.code not in (0, 10), "a ledger that is not whole is not anchored"
