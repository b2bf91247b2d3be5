"""The recorded cluster, with its nodes put onto the fleet's servers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from auditor.demo import RECORDING
from auditor.demo.fleet import Fleet


def join(fleet: Fleet, folder: Path) -> Path:
    """A copy of the recording in which each node's `providerID` is one of the fleet's servers; nothing else differs."""
    copy = folder / RECORDING.name
    shutil.copytree(RECORDING, copy)
    nodes = json.loads((copy / "nodes.json").read_text(encoding="utf-8"))
    for node, server, zone in zip(nodes["items"], fleet.nodes, fleet.zones, strict=True):
        node["spec"]["providerID"] = f"aws:///{zone}/{server}"
    (copy / "nodes.json").write_text(json.dumps(nodes), encoding="utf-8")
    return copy
