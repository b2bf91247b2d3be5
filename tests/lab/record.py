"""`python -m tests.lab.record FOLDER`: plants every scenario and records the fleet through the raw API.

The lists come as the API server sends them (managedFields included); with them go the audit log's lines about the
recorded namespaces, its policy, and what the scenarios planted. The demonstration's fleet is made so.
"""

from __future__ import annotations

import argparse
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from tests.lab import recording, scenarios
from tests.lab.basics import locked
from tests.lab.cluster import Lab

PLANTED = {
    "storefront": scenarios.healthy_release,
    "checkout": scenarios.broken_release,
    "payments": scenarios.patched_in_place,
    "search": scenarios.tagged_release,
    "catalog": scenarios.half_rollout,
    "platform": scenarios.unread_owners,
    "support": scenarios.visited,
}
SETTINGS = """\
# The demonstration's settings: what the nodes of its one pool should run.
[checks.host-baseline.pools.default]
kubelet_version = "v1.36.3"

# Whose writes are the pipeline's.
[[actors]]
kind = "pipeline"
user = "ci-bot"
"""


def main() -> None:
    """Plant, record, clean up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the recording goes; what is there is replaced")
    folder: Path = parser.parse_args().folder
    lab = Lab()
    lab.up()
    with locked("alone"):
        try:
            record(lab, folder)
        finally:
            lab.restore_node("node-b")
            for namespace in PLANTED:
                lab.discard_namespace(namespace)


def record(lab: Lab, folder: Path) -> None:
    """Plant everything at once, then write the recording."""
    for namespace in PLANTED:
        lab.delete_namespace(namespace)
    since = recording.mark(lab)
    with ThreadPoolExecutor(3) as pool:
        planted = list(pool.map(lambda row: row[1](lab, row[0]), PLANTED.items()))
    planted.append(scenarios.drifted_node(lab))
    shutil.rmtree(folder, ignore_errors=True)
    recording.write_lists(lab, folder, PLANTED)
    recording.write_rows(folder / "planted.jsonl", [asdict(one) for group in planted for one in group])
    (folder / recording.LOG).write_text("".join(line + "\n" for line in recording.logged(lab, since, PLANTED)))
    shutil.copy(lab.audit_policy, folder / recording.POLICY)
    (folder / "auditor.toml").write_text(SETTINGS)


if __name__ == "__main__":
    main()
