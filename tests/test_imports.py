"""What a command imports: heavy libraries only where they are used."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.objects import fleet, record

AGENT = ("langgraph", "langchain_core", "openai")
HEAVY = (*AGENT, "kubernetes", "boto3", "pydantic", "rich")
PROGRAM = """
import json, sys
from auditor.main import main
sys.argv = ["auditor", *json.loads(sys.argv[1])]
code = 0
try:
    main()
except SystemExit as end:
    code = end.code or 0
sys.stderr.write("\\n" + json.dumps([code, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


def imported(home: Path, *arguments: str) -> tuple[int, set[str]]:
    """The exit code of a command and the packages that it left in `sys.modules`."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), "AUDITOR_STORE": str(home / "store" / "store.db")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(arguments)],
        capture_output=True,
        text=True,
        env=environment,
        cwd=home,
        timeout=60,
        check=True,
    )
    code, modules = json.loads(done.stderr.splitlines()[-1])
    return code, set(modules)


def test_help_answers_without_anything_heavy(tmp_path: Path) -> None:
    code, modules = imported(tmp_path, "--help")
    assert code == 0
    assert modules.isdisjoint(HEAVY)


@pytest.mark.parametrize(
    "arguments", [("audit", "all.json"), ("trace", "deployment/web", "--source", "all.json"), ("checks",)], ids=" ".join
)
def test_reading_commands_never_import_the_agent_stack(arguments: tuple[str, ...], tmp_path: Path) -> None:
    record(tmp_path / "all.json", *fleet())
    code, modules = imported(tmp_path, *arguments)
    assert code == 0
    assert modules.isdisjoint(AGENT)


def test_the_way_of_looking_sees_what_is_imported(tmp_path: Path) -> None:
    """A mutant: planning does import the agent's graph, and this would say so."""
    record(tmp_path / "all.json", *fleet())
    _, modules = imported(tmp_path, "plan", "--source", "all.json", "--cordon", "node-a")
    assert "langgraph" in modules
