"""The engine: finds checks by their files, keeps their bugs apart, and says the same of the same input."""

from __future__ import annotations

import copy
import hashlib
import json
import random
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.objects import BORN, REPOSITORY, A, B, Object, fleet, kube_system, node, pod, record
from tools.catalogue import convert_settings, discover
from tools.check import AnyCheck
from tools.collect.kubernetes.recording import collect
from tools.collect.sources import merge
from tools.engine import audit
from tools.errors import AuditorError, UsageError
from tools.model.facts import Facts, decode, encode
from tools.model.observation import Gap
from tools.model.report import Coverage, Evidence, Finding, Report

HEAD = '''"""{page}"""
from tools.check import View, Violation, Violations, check
from tools.model.nouns import Instance
from tools.model.observation import NotApplicable, NotObserved


@check(Instance, severity="low", principle="gate")
def examine(instance: Instance, view: View) -> Violations:
'''
NAMES_Y = (
    HEAD + '    if instance.ref.name.endswith("y"):\n        yield Violation("ends-so", "ends in y", {evidence})\n'
)


def plugin(folder: Path, name: str, body: str, page: str = "Every instance is well named.", **more: str) -> AnyCheck:
    """A check added as a file in a folder, as the catalogue finds it there."""
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.py").write_text(body.format(page=page, **more))
    return next(check for check in discover(folder) if check.id == name.replace("_", "-"))


def facts_of(folder: Path, *objects: Object, name: str = "all") -> Facts:
    return collect(record(folder / f"{name}.json", *objects))


def report_of(facts: Facts, *checks: AnyCheck) -> Report:
    return audit(facts, "s-0", list(checks) or discover(), {})


def tagged(name: str, **more: Any) -> Object:
    return pod(name, f"{REPOSITORY}:v1", f"{REPOSITORY}@{A}", **more)


def row(report: Report, check: str) -> Coverage:
    return next(row for row in report.coverage if row.check == check)


class TestDiscovery:
    def test_a_check_added_as_a_file_is_found_and_runs(self, tmp_path: Path) -> None:
        check = plugin(tmp_path / "checks", "well_named", NAMES_Y, evidence='[(instance, "created")]')
        assert (check.id, check.page, check.severity) == ("well-named", "Every instance is well named.", "low")
        report = report_of(facts_of(tmp_path, *fleet()), check)
        assert [(f.check, f.code, [s.name for s in f.subjects]) for f in report.findings] == [
            ("well-named", "ends-so", ["web-1-y"])
        ]
        evidence = report.findings[0].evidence[0]
        assert (evidence.pointer, evidence.value) == ("/metadata/creationTimestamp", "2026-11-01T10:00:00Z")
        assert (row(report, "well-named").passed, row(report, "well-named").violations) == (1, 1)

    def test_the_products_own_are_found_by_their_files(self) -> None:
        files = {path.stem for path in (Path(__file__).parents[1] / "tools" / "checks").glob("[!_]*.py")}
        assert {check.id.replace("-", "_") for check in discover()} == files

    def test_checks_come_in_the_order_of_their_ids(self, tmp_path: Path) -> None:
        for name in ("b_two", "a_one", "c_three"):
            plugin(tmp_path / "checks", name, NAMES_Y, evidence="[]")
        assert [check.id for check in discover(tmp_path / "checks")] == ["a-one", "b-two", "c-three"]

    def test_a_file_without_a_check_is_an_error(self, tmp_path: Path) -> None:
        (tmp_path / "helper.py").write_text('"""Not a check."""\n')
        with pytest.raises(AuditorError, match=r"helper\.py holds no check"):
            discover(tmp_path)

    def test_a_check_without_a_page_is_an_error(self, tmp_path: Path) -> None:
        (tmp_path / "mute.py").write_text(NAMES_Y.format(page="", evidence="[]"))
        with pytest.raises(AuditorError, match=r"mute\.py has no page"):
            discover(tmp_path)

    def test_a_file_that_is_no_python_is_an_error_that_names_it(self, tmp_path: Path) -> None:
        (tmp_path / "broken.py").write_text("def (:\n")
        with pytest.raises(AuditorError, match=r"broken\.py"):
            discover(tmp_path)

    def test_a_check_of_a_products_name_in_a_folder_leaves_the_products_alone(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        discover()
        name = "tools.checks.rollout_complete"
        monkeypatch.setitem(sys.modules, name, sys.modules[name])  # put back afterwards, whatever happens here
        plugin(tmp_path / "checks", "rollout_complete", NAMES_Y, evidence="[]")
        own = next(check for check in discover() if check.id == "rollout-complete")
        assert own.settings is not None


BUGS = {
    "a bug": "raise KeyError('oops')",
    "a field that is not there": "yield Violation('a', 'b', [(instance, 'colour')])",
    "evidence that is no plain value": "yield Violation('a', 'b', [(instance, 'containers')])",
    "an assertion": "raise AssertionError",
    "no end of calls": "def f(): return f()\n        f()",
}


class TestBugs:
    @pytest.mark.parametrize("bug", BUGS)
    def test_a_bug_is_an_error_for_its_subject_alone(self, bug: str, tmp_path: Path) -> None:
        body = (
            HEAD
            + "    yield Violation('seen', 'seen before', [(instance, 'created')])\n"
            + "    if instance.ref.name.endswith('y'):\n"
            + f"        {BUGS[bug]}\n"
        )
        check = plugin(tmp_path / "checks", "buggy", body)
        report = report_of(facts_of(tmp_path, *fleet()), check, *(c for c in discover() if not c.watched))
        found = {f.verdict: [s.name for s in f.subjects] for f in report.findings}
        assert found == {"violation": ["web-1-x"], "error": ["web-1-y"]}, "what it had yielded is discarded"
        error = next(f for f in report.findings if f.verdict == "error")
        assert (error.check, error.code, error.evidence) == ("buggy", "check-failed", ())
        assert (row(report, "buggy").errors, row(report, "buggy").violations) == (1, 1)

    def test_other_checks_are_unaffected(self, tmp_path: Path) -> None:
        check = plugin(tmp_path / "checks", "buggy", HEAD + "    raise KeyError('oops')\n    yield\n")
        facts = facts_of(tmp_path, *fleet(), tagged("bare", owner=""))
        alone, together = report_of(facts), report_of(facts, check, *discover())
        assert [f for f in together.findings if f.check != "buggy"] == list(alone.findings)
        assert [r for r in together.coverage if r.check != "buggy"] == list(alone.coverage)

    def test_what_was_yielded_before_missing_evidence_stands(self, tmp_path: Path) -> None:
        body = HEAD + (
            "    yield Violation('seen', 'seen', [(instance, 'created')])\n    raise NotObserved('rest', 'not-read')\n"
        )
        report = report_of(facts_of(tmp_path, *fleet()), plugin(tmp_path / "checks", "half", body))
        assert [(f.verdict, f.code, len(f.subjects)) for f in report.findings] == [
            ("violation", "seen", 2),
            ("inconclusive", "not-read", 2),
        ]
        assert (row(report, "half").violations, row(report, "half").inconclusive) == (2, 0)


def shuffled(objects: list[Object], seed: int) -> list[Object]:
    """The objects in another order, with their keys in another order too."""
    chance = random.Random(seed)
    mixed = [dict(chance.sample(list(thing.items()), len(thing))) for thing in copy.deepcopy(objects)]
    chance.shuffle(mixed)
    return mixed


DIRTY = [
    *fleet(),
    tagged("web-1-z", owner="web-1"),
    tagged("bare", owner=""),
    pod("lost", owner="gone", spec={"nodeName": "node-z"}),
    node("node-c", info={}),
]


class TestDeterminism:
    def test_the_same_input_gives_the_same_bytes(self, tmp_path: Path) -> None:
        made = [msgspec.json.encode(report_of(facts_of(tmp_path, *DIRTY)), order="deterministic") for _ in range(2)]
        assert made[0] == made[1]

    @pytest.mark.parametrize("seed", range(8))
    def test_the_order_of_a_recordings_items_does_not_matter(self, seed: int, tmp_path: Path) -> None:
        facts, mixed = facts_of(tmp_path, *DIRTY), facts_of(tmp_path, *shuffled(DIRTY, seed))
        assert encode(mixed) == encode(facts)
        assert msgspec.json.encode(report_of(mixed)) == msgspec.json.encode(report_of(facts))

    def test_facts_survive_storage(self, tmp_path: Path) -> None:
        facts = facts_of(tmp_path, *DIRTY)
        assert decode(encode(facts)) == facts
        assert report_of(decode(encode(facts))) == report_of(facts)

    def test_the_moment_is_the_newest_time_in_the_recording(self, tmp_path: Path) -> None:
        objects = fleet()
        assert facts_of(tmp_path, *objects).moment == "2026-11-01T10:00:00Z"
        objects[5]["status"]["conditions"][0]["lastHeartbeatTime"] = "2026-11-01T12:34:56Z"
        assert facts_of(tmp_path, *objects).moment == "2026-11-01T12:34:56Z"


class TestEvidence:
    def test_an_id_is_the_hash_of_its_content(self, tmp_path: Path) -> None:
        found = [e for f in report_of(facts_of(tmp_path, *DIRTY)).findings for e in f.evidence]
        assert found
        for evidence in found:
            body = [evidence.ref, evidence.version, evidence.pointer, evidence.field, evidence.value]
            expected = hashlib.sha256(msgspec.json.encode(body, order="deterministic")).hexdigest()[:12]
            assert evidence.id == f"e-{expected}"

    @pytest.mark.parametrize("change", ["uid", "resourceVersion", "name"])
    def test_another_object_or_version_is_other_evidence(self, change: str, tmp_path: Path) -> None:
        def evidence(thing: Object) -> Evidence:
            return report_of(facts_of(tmp_path, kube_system(), thing)).findings[0].evidence[0]

        thing = tagged("bare", owner="")
        before = evidence(thing)
        thing["metadata"][change] = "999"
        assert evidence(thing).id != before.id

    def test_a_pointer_leads_to_the_value(self, tmp_path: Path) -> None:
        by_uid = {thing["metadata"]["uid"]: thing for thing in DIRTY}
        for finding in report_of(facts_of(tmp_path, *DIRTY)).findings:
            for evidence in finding.evidence:
                value: Any = by_uid[evidence.ref.uid]
                *above, last = evidence.pointer.strip("/").split("/")
                for key in above:
                    value = value[int(key)] if isinstance(value, list) else value[key]
                if evidence.value is None:
                    assert last not in value, "what is quoted as absent is absent"
                else:
                    assert (value[int(last)] if isinstance(value, list) else value[last]) == evidence.value


def tag_finding(facts: Facts) -> Finding:
    return next(f for f in report_of(facts).findings if f.code == "tag-only")


class TestFingerprints:
    def test_they_survive_a_renamed_scope(self, tmp_path: Path) -> None:
        objects = [*fleet(), tagged("web-1-z")]
        one, two = (facts_of(tmp_path, *objects, name=name) for name in ("production", "prod-renamed"))
        assert one.scopes[0].name != two.scopes[0].name
        assert tag_finding(one).fingerprint == tag_finding(two).fingerprint

    def test_they_survive_a_rollout(self, tmp_path: Path) -> None:
        before = [*fleet(), tagged("web-1-z")]
        text = json.dumps(before).replace("web-1", "web-2").replace('"100"', '"300"')
        one, two = tag_finding(facts_of(tmp_path, *before)), tag_finding(facts_of(tmp_path, *json.loads(text)))
        assert one.fingerprint == two.fingerprint
        assert {s.uid for s in one.subjects}.isdisjoint(s.uid for s in two.subjects)

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ('"web"', '"shop"'),
            ('"default"', '"other"'),
            ('"app"', '"main"'),
            ("uid-of-the-cluster", "uid-of-another"),
        ],
        ids=["owner", "namespace", "part", "cluster"],
    )
    def test_they_differ_for_another(self, old: str, new: str, tmp_path: Path) -> None:
        before = [*fleet(), tagged("web-1-z")]
        after = json.loads(json.dumps(before).replace(old, new))
        one, two = tag_finding(facts_of(tmp_path, *before)), tag_finding(facts_of(tmp_path, *after))
        assert one.fingerprint != two.fingerprint

    def test_two_hundred_instances_of_one_cause_are_one_finding(self, tmp_path: Path) -> None:
        objects = [*fleet(), *(tagged(f"web-1-{n:03}") for n in range(200))]
        found = [f for f in report_of(facts_of(tmp_path, *objects)).findings if f.code == "tag-only"]
        assert [len(f.subjects) for f in found] == [200]

    def test_two_clusters_with_the_same_names_are_two_findings(self, tmp_path: Path) -> None:
        objects = [*fleet(), tagged("web-1-z")]
        others = json.loads(json.dumps(objects).replace("uid-", "uid-other-"))
        one, two = facts_of(tmp_path, *objects, name="one"), facts_of(tmp_path, *others, name="two")
        together = report_of(merge([one, two]))
        alone = [*report_of(one).findings, *report_of(two).findings]
        assert sorted(f.fingerprint for f in together.findings) == sorted(f.fingerprint for f in alone)
        for finding in together.findings:
            assert {ref.scope for ref in finding.subjects} == {finding.owner.scope}

    def test_each_scope_is_judged_by_its_own_moment(self, tmp_path: Path) -> None:
        """A pod that was not ready yet when it was recorded is not late because another recording is newer."""
        young = [{"type": "Ready", "status": "False", "lastTransitionTime": BORN}]
        starting = [*fleet(), pod("web-1-z", status={"conditions": young})]
        late = pod("later", owner="", creationTimestamp="2026-11-05T10:00:00Z")
        others = json.loads(json.dumps([*fleet(), late]).replace("uid-", "uid-other-"))
        one, two = facts_of(tmp_path, *starting, name="one"), facts_of(tmp_path, *others, name="two")
        assert one.moment < two.moment
        alone = {f.fingerprint: f.verdict for f in report_of(one).findings if f.check == "replacement-time"}
        together = {f.fingerprint: f.verdict for f in report_of(merge([one, two])).findings}
        assert set(alone.values()) == {"inconclusive"}
        assert {number: together[number] for number in alone} == alone

    def test_two_recordings_of_one_cluster_do_not_mix(self, tmp_path: Path) -> None:
        """Without the kube-system namespace they are two scopes, whose objects have the same uids."""
        before = [*fleet()[1:], tagged("web-1-z")]
        after = copy.deepcopy(before)
        after[-1]["spec"]["containers"][0]["image"] = f"{REPOSITORY}@{B}"
        after[-1]["metadata"]["generation"] = 2
        one, two = facts_of(tmp_path, *before, name="before"), facts_of(tmp_path, *after, name="after")
        together = report_of(merge([one, two]))
        alone = [*report_of(one).findings, *report_of(two).findings]
        assert {(f.fingerprint, f.verdict, f.subjects) for f in together.findings} == {
            (f.fingerprint, f.verdict, f.subjects) for f in alone
        }


class TestSettings:
    @pytest.mark.parametrize(
        ("given", "place"),
        [
            ({"rollout-complete": {"grase": 5}}, "grase"),
            ({"rollout-complete": {"grace": "5"}}, "$.grace"),
            ({"host-baseline": {"pools": {"blue": {"kubelet": "v1"}}}}, "$.pools[...]"),
            ({"host-baseline": {"pools": 5}}, "$.pools"),
            ({"rollout-completed": {}}, "rollout-completed"),
            ({"image-pinned-by-digest": {}}, "image-pinned-by-digest"),
        ],
    )
    def test_what_is_not_known_is_refused_with_its_place(self, given: dict[str, Any], place: str) -> None:
        with pytest.raises(UsageError) as refused:
            convert_settings(discover(), given)
        assert place in str(refused.value)
        assert next(iter(given)) in str(refused.value)

    def test_what_is_given_is_what_the_check_reads(self, tmp_path: Path) -> None:
        facts = facts_of(tmp_path, *fleet())
        given = {"host-baseline": {"pools": {"default": {"kubelet_version": "v9"}}}}
        report = audit(facts, "s-0", discover(), convert_settings(discover(), given))
        assert [f.code for f in report.findings if f.verdict == "violation"] == ["other-kubelet-version"] * 2
        assert report.settings != report_of(facts).settings


class TestCoverage:
    def test_every_subject_is_counted_once(self, tmp_path: Path) -> None:
        report = report_of(facts_of(tmp_path, *DIRTY))
        counted = {
            r.check: (r.passed, r.violations, r.inconclusive, r.not_applicable, r.errors) for r in report.coverage
        }
        assert counted == {
            "host-baseline": (0, 0, 1, 0, 0),
            "image-pinned-by-digest": (3, 2, 0, 0, 0),
            "imperative-change": (0, 0, 2, 0, 0),
            "in-place-change": (0, 0, 5, 0, 0),
            "instance-runs-release": (3, 0, 1, 1, 0),
            "prior-release-kept": (0, 0, 1, 1, 0),
            "release-uniform": (1, 0, 0, 0, 0),
            "replacement-time": (5, 0, 0, 0, 0),
            "rollout-complete": (0, 0, 2, 0, 0),
            "rollout-replaces": (1, 0, 1, 0, 0),
            "unmanaged-instance": (3, 1, 1, 0, 0),
        }
        for r in report.coverage:
            assert r.examined == report.counts[r.noun]

    def test_no_subjects_over_a_gap_is_said(self, tmp_path: Path) -> None:
        report = report_of(facts_of(tmp_path, pod("x", owner="")))
        assert row(report, "host-baseline").examined == 0
        assert "no Node list" in row(report, "host-baseline").unseen
        assert row(report, "image-pinned-by-digest").unseen == ""


def gap(**more: Any) -> Gap:
    return Gap(scope="s", noun="Host", code="forbidden", reason="no", **more)


class TestExitCodes:
    @pytest.mark.parametrize(
        ("extra", "gaps", "code"),
        [
            ([], (), 0),
            ([], (gap(required=False),), 0),
            ([], (gap(),), 3),
            ([tagged("bare", owner="")], (), 10),
            ([tagged("bare", owner="")], (gap(),), 10),
        ],
        ids=["clean", "noted gap", "required gap", "violation", "violations win"],
    )
    def test_of_a_report(self, extra: list[Object], gaps: tuple[Gap, ...], code: int, tmp_path: Path) -> None:
        facts = facts_of(tmp_path, *fleet(), *extra)
        facts = msgspec.structs.replace(facts, gaps=(*facts.gaps, *gaps))
        assert report_of(facts).exit_code == code

    def test_nothing_examined_is_not_clean(self, tmp_path: Path) -> None:
        facts = msgspec.structs.replace(facts_of(tmp_path, *fleet()), instances=(), gaps=())
        assert report_of(facts).exit_code == 3

    def test_a_failed_check_is_a_failure_and_violations_win(self, tmp_path: Path) -> None:
        check = plugin(tmp_path / "checks", "buggy", HEAD + "    raise KeyError('oops')\n    yield\n")
        assert report_of(facts_of(tmp_path, *fleet()), check, *discover()).exit_code == 1
        dirty = facts_of(tmp_path, *fleet(), tagged("bare", owner=""))
        assert report_of(dirty, check, *discover()).exit_code == 10
