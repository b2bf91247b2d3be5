"""`auditor init` on a real cluster: what its accounts see is in the file, and the file is one that audits."""

from __future__ import annotations

import tomllib

import pytest

from tests.driver import command
from tests.driver.loop import Loop

pytest_plugins = ["tests.driver.fixtures"]
pytestmark = pytest.mark.lab


def test_a_reader_gets_a_file_that_audits_without_another_word(loop: Loop) -> None:
    toml = loop.home / "found.toml"
    said = command.run(loop.home, "init", "--kubeconfig", loop.reader, "--config", toml)
    assert said.code == 0, said
    written = tomllib.loads(toml.read_text())
    nodes = loop.lab.kubectl("get", "node", "node-a", "-o", "jsonpath={.status.nodeInfo.kubeletVersion}")
    assert written["checks"]["host-baseline"]["pools"]["default"]["kubelet_version"] == nodes
    assert "lacks" not in toml.read_text()
    report = command.run(loop.home, "audit", "--json", "--config", toml).report
    assert report["scopes"][0]["name"] == "lab"


def test_what_a_limited_account_lacks_is_in_the_file(loop: Loop) -> None:
    limited = loop.lab.kubeconfig("auditor-limited")
    said = command.run(loop.home, "init", "--print", "--kubeconfig", limited)
    assert said.code == 0, said
    assert "list pods" in said.out
    assert "auditor doctor` prints the manifest" in said.out
    assert "pools" not in tomllib.loads(said.out).get("checks", {}).get("host-baseline", {})


def test_expired_credentials_are_in_the_file_as_not_read(loop: Loop) -> None:
    said = command.run(loop.home, "init", "--print", "--kubeconfig", loop.lab.expired_kubeconfig())
    assert said.code == 0, said
    assert "# The cluster was not read: " in said.out
    assert "401" in said.out
    tomllib.loads(said.out)
