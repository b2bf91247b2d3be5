"""Every check against its cases: files of plain Kubernetes objects whose names begin with the verdict.

`tests/checks/<check-id>/<verdict>-<what>.yaml` holds a header document (`case:`) and the objects. The header says why
the verdict is right, which subject (and part) it is about, the cause code, and the check's settings where it needs
some; `on` names the offender where that is not the subject itself.
"""

from __future__ import annotations

import shutil
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from tools.catalogue import convert_settings, discover
from tools.check import AnyCheck, View
from tools.collect.kubernetes.recording import collect
from tools.engine import audit
from tools.model.facts import Facts
from tools.model.nouns import Container
from tools.model.observation import NotApplicable, NotObserved
from tools.model.report import VERDICTS as WORST_FIRST
from tools.model.report import Finding, Report

FOLDER = Path(__file__).parent / "checks"
VERDICTS = ("pass", "violation", "inconclusive", "not-applicable")
NEVER = {("image-pinned-by-digest", "not-applicable")}
"""What a check never says: every container has a specification, and so an image reference to judge."""
CHECKS: dict[str, AnyCheck] = {check.id: check for check in discover()}
FILES = sorted(FOLDER.rglob("*.yaml"))


class Case(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The header of a case file."""

    why: str
    subject: str
    part: str = ""
    on: str = ""
    code: str = ""
    settings: dict[str, Any] = {}


def name_of(file: Path) -> str:
    return f"{file.parent.name}/{file.stem}"


def verdict_in(file: Path) -> str:
    """The verdict that a case file's name begins with."""
    return next(verdict for verdict in VERDICTS if file.name.startswith(f"{verdict}-"))


def read_case(file: Path) -> tuple[Case, str]:
    """A case file's header, and the text of its objects."""
    header, _, objects = file.read_text(encoding="utf-8").partition("\n---\n")
    return msgspec.convert(yaml.safe_load(header)["case"], Case), objects


def subject_of(case: Case, check: AnyCheck, view: View) -> Any:
    """The one subject that a case is about."""
    found = [
        subject
        for subject in view.seen(check.noun)
        if subject.ref.key == case.subject and (not case.part or subject.name == case.part)
    ]
    assert len(found) == 1, f"the subject {case.subject} {case.part} is there {len(found)} times"
    assert isinstance(found[0], Container) == bool(case.part), "a container's case names its part, and no other's does"
    return found[0]


def findings_about(case: Case, report: Report) -> list[Finding]:
    """The findings about a case's subject or its named offender."""
    keys = {case.subject, case.on}
    return [f for f in report.findings if f.part == case.part and keys & {ref.key for ref in f.subjects}]


def quiet_verdict(check: AnyCheck, subject: Any, view: View) -> str:
    """Which of the two verdicts that make no finding it was."""
    try:
        outcome = list(check(subject, view))
    except NotApplicable:
        return "not-applicable"
    except NotObserved as missing:
        return f"inconclusive ({missing.reason}) without a finding"
    return f"{outcome} without a finding" if outcome else "pass"


def assert_case(file: Path, facts: Facts) -> None:
    """The generic assertion: the engine's verdict on the case's subject is the one in the file's name."""
    case, _ = read_case(file)
    check = CHECKS[file.parent.name]
    settings = convert_settings([check], {check.id: case.settings} if case.settings else {})
    report, view = audit(facts, "s-0", [check], settings), View(facts, settings)
    subject = subject_of(case, check, view)
    found = findings_about(case, report)
    verdicts = {f.verdict for f in found}
    given = next((v for v in WORST_FIRST if v in verdicts), None) or quiet_verdict(check, subject, view)
    wanted = verdict_in(file)
    assert given == wanted, f"the verdict is {given} and not {wanted}: {[(f.code, f.message) for f in found]}"
    assert not [f for f in report.findings if f.verdict == "error"]
    row = report.coverage[0]
    counted = {"pass": row.passed, "violation": row.violations, "inconclusive": row.inconclusive}
    assert counted.get(wanted, row.not_applicable) >= 1
    if wanted in ("pass", "not-applicable"):
        assert not case.code
        assert not found
        return
    found = [f for f in found if f.verdict == wanted]
    if case.code:
        assert {f.code for f in found} == {case.code}, "the cause is another one"
    offender = case.on or case.subject
    assert any(offender in {ref.key for ref in f.subjects} for f in found), "the offender is another one"
    if wanted == "violation":
        assert all(f.evidence for f in found), "a violation without evidence"


def collected(file: Path, folder: Path) -> Facts:
    """The facts of a case's objects, through the recording's collector."""
    _, objects = read_case(file)
    recording = folder / "recording.yaml"
    recording.write_text(objects, encoding="utf-8")
    return collect(recording)


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_the_verdict_is_the_one_in_the_file_name(file: Path, tmp_path: Path) -> None:
    assert_case(file, collected(file, tmp_path))


def test_every_check_has_a_case_of_every_verdict() -> None:
    have = {(file.parent.name, verdict_in(file)) for file in FILES}
    assert have == set(product(CHECKS, VERDICTS)) - NEVER


def mutants() -> list[tuple[Path, str]]:
    """For each check and verdict the first case, under every wrong verdict."""
    first: dict[tuple[str, str], Path] = {}
    for file in FILES:
        first.setdefault((file.parent.name, verdict_in(file)), file)
    return [(file, wrong) for (_, right), file in first.items() for wrong in VERDICTS if wrong != right]


@pytest.mark.parametrize(("file", "wrong"), mutants(), ids=lambda value: str(getattr(value, "stem", value)))
def test_a_case_under_a_wrong_verdict_is_caught(file: Path, wrong: str, tmp_path: Path) -> None:
    mutant = tmp_path / file.parent.name / file.name.replace(verdict_in(file), wrong, 1)
    mutant.parent.mkdir()
    shutil.copy(file, mutant)
    with pytest.raises(AssertionError, match="the verdict is"):
        assert_case(mutant, collected(mutant, tmp_path))


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("code", "another-code", "the cause is another one"),
        ("subject", "Pod/default/nobody", "is there 0 times"),
        ("part", "nobody", "is there 0 times"),
    ],
)
def test_a_case_about_something_else_is_caught(field: str, value: str, complaint: str, tmp_path: Path) -> None:
    file = FOLDER / "image-pinned-by-digest" / "violation-tag-with-registry-port.yaml"
    header, _, objects = file.read_text(encoding="utf-8").partition("\n---\n")
    changed = yaml.safe_load(header)
    changed["case"][field] = value
    mutant = tmp_path / file.parent.name / file.name
    mutant.parent.mkdir()
    mutant.write_text(f"{yaml.safe_dump(changed)}---\n{objects}", encoding="utf-8")
    with pytest.raises(AssertionError, match=complaint):
        assert_case(mutant, collected(mutant, tmp_path))


def test_a_case_with_an_unknown_field_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "pass-typo.yaml"
    file.write_text("case: {why: a typo, subject: Pod/default/a, prat: app}\n---\n{}\n")
    with pytest.raises(msgspec.ValidationError, match="prat"):
        read_case(file)
