"""`python -m tests.lab.evals FOLDER [NAME…]`: plants fleets in the lab and records them as labelled cases for `evals`.

What a case plants stands in `eval_cases.py`. Its labels come from what the scenarios wrote down (`labels.py`), before
anything is audited.
"""

from __future__ import annotations

import argparse
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import yaml

from tests.lab import labels, recording, settings
from tests.lab.basics import locked
from tests.lab.cluster import Lab
from tests.lab.eval_cases import CASES, Case
from tests.lab.scenarios import Planted

READS = ("get", "list", "watch")


def main() -> None:
    """Plant, record, label, clean up; a case that is there already is replaced."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the cases go, a folder each")
    parser.add_argument("names", nargs="*", help="which cases; all unless said")
    arguments = parser.parse_args()
    wanted = [case for case in CASES if not arguments.names or case.name in arguments.names]
    lab = Lab()
    lab.up()
    one = partial(record, lab, arguments.folder)
    with locked("alone"):
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(one, (case for case in wanted if not case.alone)))
        for case in wanted:
            if case.alone:
                one(case)
                for node in settings.NODES:
                    lab.restore_node(node)


def record(lab: Lab, root: Path, case: Case) -> None:
    """Make one case."""
    folder, namespaces = root / case.name, list(case.fleet)
    shutil.rmtree(folder, ignore_errors=True)
    for namespace in namespaces:
        lab.delete_namespace(namespace)
    since = recording.mark(lab)
    try:
        if case.before:
            for namespace in namespaces:
                case.before(lab, namespace)
            recording.write_lists(lab, folder / "before", namespaces)
        planted = [one for namespace, scenario in case.fleet.items() for one in scenario(lab, namespace)]
        fleet = folder / "fleet"
        recording.write_lists(lab, fleet, namespaces)
        _write_log(lab, fleet, case, recording.logged(lab, since, namespaces))
    finally:
        for namespace in namespaces:
            lab.discard_namespace(namespace)
    if case.settings:
        (folder / "auditor.toml").write_text(case.settings)
    _write_labels(folder, case, planted)
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    print(f"{case.name}: {len(planted)} labels planted, {size / 1000:.0f} kB", flush=True)


def _write_log(lab: Lab, fleet: Path, case: Case, lines: list[str]) -> None:
    """The log and its policy, as the case wants them."""
    policy = lab.audit_policy.read_text()
    if case.log == "none":
        return
    if case.log == "reads-dropped":
        lines = [line for line in lines if json.loads(line)["verb"] not in READS]
        policy = reads_dropped_first(policy)
    text = "".join(line + "\n" for line in lines)
    if case.log == "truncated":
        text = text[: -len(lines[-1]) // 2]
    (fleet / recording.LOG).write_text(text)
    (fleet / recording.POLICY).write_text(policy)


def reads_dropped_first(policy: str) -> str:
    """The policy with the rule first that drops every get, list and watch; kubectl exec is a get."""
    found = yaml.safe_load(policy)
    drops = {"level": "None", "verbs": list(READS)}
    found["rules"] = [drops, *(rule for rule in found["rules"] if rule != drops)]
    return yaml.safe_dump(found, sort_keys=False)


def _write_labels(folder: Path, case: Case, planted: list[Planted]) -> None:
    pods = json.loads((folder / "fleet" / "pods.json").read_text())["items"]
    told = {
        "origin": "lab",
        "planted": case.planted,
        "sources": [f"tests/lab/scenarios/{name}.py" for name in sorted({one.scenario for one in planted})],
        **labels.of(planted, pods, sees_entering=case.log in ("whole", "truncated")),
    }
    if case.doubt:
        told["doubt"] = case.doubt
    (folder / "case.yaml").write_text(yaml.safe_dump(told, sort_keys=False, width=118, allow_unicode=True))


if __name__ == "__main__":
    main()
