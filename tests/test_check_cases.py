"""Every check against its cases: files of plain Kubernetes objects, or of AWS's answers, whose names begin with the
verdict.

`tests/checks/<check-id>/<verdict>-<what>.yaml` holds a header document (`case:`) and the objects. The header says why
the verdict is right, which subject (and part) it is about, the cause code, and the check's settings where it needs
some; `on` names the offender, and `on_part` its part, where that is not the subject itself. Documents of the group
`audit.k8s.io` are lines of the audit log and its policy; `actors` and `log` are what auditor.toml would say of them.
A document with `aws` is an answer of AWS's API (its service and operation, in the first one with the account and
region, and the `response` or the `error`), one with `payloadType` an envelope about an image; `trust` are the keys that
verify those. Both kinds may stand together: a cluster and its account.
Each document `before: true` begins what an earlier look saw, the newest first.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
import yaml

from tools.catalogue import convert_settings, discover
from tools.check import AnyCheck, View
from tools.collect.actors import Rule
from tools.collect.sources import AuditLog, Source, collect
from tools.collect.trust import TrustedKey
from tools.engine import audit
from tools.model.facts import Facts
from tools.model.history import History, Observation, Past, observations
from tools.model.nouns import Container
from tools.model.observation import NotApplicable, NotObserved
from tools.model.report import VERDICTS as WORST_FIRST
from tools.model.report import Finding, Report

FOLDER = Path(__file__).parent / "checks"
VERDICTS = ("pass", "violation", "inconclusive", "not-applicable")
NEVER = {
    ("image-pinned-by-digest", "not-applicable"),  # every container has a specification, and so a reference to judge
    ("release-unpinned", "not-applicable"),  # every group names what it launches
}
"""What a check never says, and why."""
CHECKS: dict[str, AnyCheck] = {check.id: check for check in discover()}
FILES = sorted(FOLDER.rglob("*.yaml"))


class Case(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The header of a case file."""

    why: str
    subject: str
    part: str = ""
    on: str = ""
    on_part: str = ""
    code: str = ""
    settings: dict[str, Any] = {}
    actors: tuple[Rule, ...] = ()
    log: AuditLog = AuditLog()
    trust: tuple[TrustedKey, ...] = ()


class Looks(NamedTuple):
    """What a case's look saw, and what the looks before it left to be remembered."""

    facts: Facts
    history: History | None


class PlainLoader(yaml.SafeLoader):
    """YAML without dates: a timestamp stays the text that it is in JSON."""


PlainLoader.yaml_implicit_resolvers = {
    first: [row for row in rows if row[0] != "tag:yaml.org,2002:timestamp"]
    for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


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
    parts = {case.part, case.on_part}
    return [f for f in report.findings if f.part in parts and keys & {ref.key for ref in f.subjects}]


def quiet_verdict(check: AnyCheck, subject: Any, view: View) -> str:
    """Which of the two verdicts that make no finding it was."""
    try:
        outcome = list(check(subject, view))
    except NotApplicable:
        return "not-applicable"
    except NotObserved as missing:
        return f"inconclusive ({missing.reason}) without a finding"
    return f"{outcome} without a finding" if outcome else "pass"


def assert_case(file: Path, looks: Looks) -> None:
    """The generic assertion: the engine's verdict on the case's subject is the one in the file's name."""
    case, _ = read_case(file)
    check = CHECKS[file.parent.name]
    settings = convert_settings([check], {check.id: case.settings} if case.settings else {})
    facts, history = looks
    report, view = audit(facts, "s-0", [check], settings, history), View(facts, settings, history)
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
    part = case.on_part or case.part
    assert any(offender in {r.key for r in f.subjects} and f.part == part for f in found), "the offender is another one"
    if wanted == "violation":
        assert all(f.evidence for f in found), "a violation without evidence"


def sections(objects: str) -> list[list[Any]]:
    """The documents of each look, the newest first."""
    looks: list[list[Any]] = [[]]
    for document in yaml.load_all(objects, Loader=PlainLoader):
        if document == {"before": True}:
            looks.append([])
        elif document is not None:
            looks[-1].append(document)
    return looks


def is_of_aws(document: Any) -> bool:
    """Whether a document is AWS's, or about what is there."""
    return "aws" in document or "payloadType" in document


def record(documents: list[Any], folder: Path) -> Path:
    """Write a recording as a folder: a list of objects with the audit log and its policy beside it, and AWS's answers
    in their order with the envelopes. (Without a document: of an empty cluster.)"""
    of_aws = [document for document in documents if is_of_aws(document)]
    for number, document in enumerate(of_aws):
        suffix = "json" if "aws" in document else "intoto.json"
        (folder / f"{number:03}.{suffix}").write_text(json.dumps(document), encoding="utf-8")
    if len(of_aws) < len(documents) or not documents:
        record_objects([document for document in documents if not is_of_aws(document)], folder)
    return folder


def record_objects(documents: list[Any], folder: Path) -> None:
    """Write objects as a list, with the audit log and its policy beside them."""
    logged = [d for d in documents if str(d.get("apiVersion", "")).startswith("audit.k8s.io/")]
    (folder / "audit-policy.yaml").unlink(missing_ok=True)
    for policy in (d for d in logged if d["kind"] == "Policy"):
        (folder / "audit-policy.yaml").write_text(json.dumps(policy), encoding="utf-8")
    lines = [json.dumps(d, separators=(",", ":")) + "\n" for d in logged if d["kind"] == "Event"]
    if lines:
        (folder / "audit.jsonl").write_text("".join(lines), encoding="utf-8")
    objects = [json.dumps(d) for d in documents if d not in logged]
    (folder / "objects.yaml").write_text("\n---\n".join(objects), encoding="utf-8")


def remembered(looks: list[Facts]) -> History | None:
    """What looks leave to be remembered, the newest first; None where there was none before."""
    if not looks:
        return None
    rows: dict[Observation, Past] = {}
    for facts in reversed(looks):
        for seen in observations(facts):
            first = rows[seen].first if seen in rows else facts.moment
            rows[seen] = Past(first, facts.moment, seen.value)
    changes = tuple(change for facts in looks for change in facts.changes)
    watches = tuple(watch for facts in looks for watch in facts.watches)
    return History(rows.items(), looks[0].moment, changes, watches)


def collected(file: Path, folder: Path) -> Looks:
    """The facts of a case's objects, through the recording's collector, and the history of its earlier looks."""
    case, objects = read_case(file)

    def look() -> Iterator[Facts]:
        for number, documents in enumerate(sections(objects)):
            place = folder / f"look-{number}" / "recording"  # every look has the same declared name
            place.mkdir(parents=True, exist_ok=True)
            path = str(record(documents, place))
            yield collect(Source(path=path, actors=case.actors, log=case.log, trust=case.trust))

    newest, *before = look()
    return Looks(newest, remembered(before))


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
