"""The checks of servers over constructed nouns, cause by cause: also what no recording of one account can hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from auditor.commands.looking import Looking
from tests import aws_nouns as aws
from tools.catalogue import convert_settings, discover
from tools.check import View
from tools.checks.user_data_mutates import CODES
from tools.collect.trust import TrustedKey
from tools.engine import audit
from tools.errors import UsageError
from tools.model.facts import Facts
from tools.model.group import Boot, BootStep
from tools.model.history import observations
from tools.model.instance import Part
from tools.model.observation import Gap
from tools.model.workload import Release, Strategy
from tools.plan.blocking import blocking_violations

CHECKS = {check.id: check for check in discover()}
WEB = "AutoScalingGroup//web"


def outcome(check: str, facts: Facts, **settings: Any) -> dict[str, set[str]]:
    """The cause codes of a check by verdict; `pass` and `not-applicable` where nothing else was said of any subject."""
    converted = convert_settings([CHECKS[check]], {check: settings} if settings else {})
    report = audit(facts, "s-0", [CHECKS[check]], converted)
    found: dict[str, set[str]] = {}
    for finding in report.findings:
        assert finding.verdict != "error", finding.message
        assert finding.verdict != "violation" or finding.evidence
        found.setdefault(finding.verdict, set()).add(finding.code)
    row = report.coverage[0]
    if not found:
        return {"pass": set()} if row.passed else {"not-applicable": set()}
    return found


def held(**more: Any) -> Facts:
    return aws.facts(**more)


def group(**more: Any) -> Facts:
    """The fleet, its group told otherwise."""
    return aws.facts(workloads=(aws.workload(group_seen=aws.group(**more)),))


def images(*artifacts: Any, **more: Any) -> Facts:
    return aws.facts(artifacts=artifacts, **more)


def parts(*names: str) -> tuple[Release, ...]:
    """Release 3, naming other images."""
    third = aws.release(3, aws.NEW)
    made = tuple(Part(third.ref, aws.GROUP, "3", "machine", "machine", name, "") for name in names)
    return (aws.release(2, aws.OLD), msgspec.structs.replace(third, parts=made))


def boot(*steps: BootStep, form: str = "shell") -> Facts:
    seen = Boot(digest="d", size=9, form=form, steps=steps)
    return aws.facts(releases=(aws.release(2, aws.OLD), aws.release(3, aws.NEW, boot_seen=seen)))


def one(**more: Any) -> Facts:
    return aws.facts(instances=(aws.server("i-0a", **more), aws.server("i-0b")))


def doors(*accesses: Any, **more: Any) -> Facts:
    seen = aws.machine(doors=tuple(dict.fromkeys(a.door for a in accesses)))
    return aws.facts(instances=(aws.server(machine_seen=seen),), accesses=accesses, **more)


def scanned(*gaps: Gap, **more: Any) -> Facts:
    """The fleet with a scan of its image, and what could not be read besides."""
    return aws.facts(attestations=(aws.said("scan", **more),), gaps=gaps)


ADMIN, DEV = "arn:aws:iam::123456789012:role/admin", "arn:aws:iam::123456789012:user/dev"
SERVICE = "arn:aws:iam::123456789012:role/aws-service-role/ssm.amazonaws.com/AWSServiceRoleForAmazonSSM"
KEY = aws.door("key-pair", "key:ops", "ops")
SIGNERS = {"signers": ["ci*"]}
WORLD = aws.door("ssh", "sg-1", source="0.0.0.0/0", ports="22")
SESSION = aws.door("session-manager", "ssm:i-0a", who_seen=(ADMIN, DEV))
SERIAL = aws.door("serial-console", "serial", who_seen=(DEV,))
STALE = [aws.server("i-0a", 2, aws.OLD), aws.server("i-0b")]
WARM = aws.machine(lifecycle="Warmed:Stopped")

UNSIGNED = aws.gap("Attestation", "signature")
PLAIN = aws.said("build", "reported", commit="C0FFEE1")
OTHER = aws.said("build", "reported", commit="c0ffee2")
SIGNED = aws.said("build", commit="c0ffee1234567890c0ffee1234567890c0ffee12", name="envelope")
TODAY = "2026-11-09T00:00:00Z"
Row = tuple[str, Facts, dict[str, Any], dict[str, set[str]]]

CASES: list[Row] = [
    ("release-unpinned", group(named="3, $Latest"), {}, {"violation": {"by-latest"}}),
    ("release-unpinned", group(named="web-2026-11-01"), {}, {"pass": set()}),
    ("release-unpinned", held(releases=parts("resolve:ssm:7")), {}, {"violation": {"image-by-parameter"}}),
    ("release-unpinned", held(releases=parts("")), {}, {"inconclusive": {"unreadable-image"}}),
    ("release-unpinned", held(workloads=(aws.workload(read=False),)), {}, {"inconclusive": {"not-read"}}),
    ("machine-image-trusted", images(aws.image(deprecated="2026-11-10T11:59:59Z")), {}, {"violation": {"deprecated"}}),
    ("machine-image-trusted", images(aws.image(deprecated="2026-11-10T12:00:01.000Z")), {}, {"pass": set()}),
    ("machine-image-trusted", images(aws.image(deprecated="soon")), {}, {"inconclusive": {"not-reported"}}),
    ("machine-image-trusted", images(), {}, {"inconclusive": {"unresolved"}}),
    ("machine-image-trusted", held(), {"owners": [aws.FOREIGN]}, {"violation": {"untrusted-owner"}}),
    ("machine-image-lost", held(workloads=()), {}, {"inconclusive": {"unresolved"}}),
    ("machine-image-provenance", held(gaps=(aws.gap("Attestation"),)), {}, {"inconclusive": {"forbidden"}}),
    ("machine-image-provenance", held(gaps=(aws.gap("Attestation", "scan"),)), {}, {"violation": {"no-provenance"}}),
    ("machine-image-provenance", held(attestations=(PLAIN,)), {}, {"inconclusive": {"only-reported"}}),
    ("machine-image-provenance", held(attestations=(SIGNED, PLAIN)), {}, {"pass": set()}),
    ("machine-image-provenance", held(attestations=(SIGNED, OTHER)), {}, {"violation": {"contradicting-commits"}}),
    ("machine-image-signed", held(gaps=(UNSIGNED,)), SIGNERS, {"inconclusive": {"forbidden"}}),
    ("machine-image-scanned", held(gaps=(aws.gap("Attestation", "scan"),)), {}, {"inconclusive": {"forbidden"}}),
    ("machine-image-scanned", scanned(criticals=0, time="yesterday"), {}, {"inconclusive": {"not-reported"}}),
    ("machine-image-scanned", scanned(time=TODAY), {}, {"inconclusive": {"not-counted"}}),
    ("machine-image-scanned", scanned(time=TODAY), {"criticals": -1}, {"pass": set()}),
    (
        "machine-image-scanned",
        scanned(aws.gap("Attestation", "scan"), criticals=2, time="2026-01-01T00:00:00Z"),
        {},
        {"violation": {"critical-with-fix"}, "inconclusive": {"forbidden"}},
    ),
    ("server-access", doors(aws.door("rdp", "sg-1", source="128.0.0.0/1")), {}, {"violation": {"rdp-open-world"}}),
    ("server-access", doors(aws.door("ssh", "sg-1", source="2000::/3")), {}, {"violation": {"ssh-open-world"}}),
    ("server-access", doors(aws.door("ssh", "sg-1", source="fc00::/7")), {}, {"violation": {"ssh-open"}}),
    ("server-access", doors(aws.door("winrm", "sg-1", source="pl-1")), {}, {"violation": {"winrm-open"}}),
    ("server-access", doors(KEY), {"allow": {"key-pair": ["ops"]}}, {"pass": set()}),
    ("server-access", doors(SESSION), {"administrators": [ADMIN, DEV]}, {"pass": set()}),
    ("server-access", doors(aws.door("run-command", "ssm:i-0a", who_seen=("*",))), {}, {"violation": {"run-command"}}),
    ("server-access", doors(aws.door("run-command", "ssm:i-0a", who_seen=(SERVICE,))), {}, {"pass": set()}),
    (
        "server-access",
        doors(WORLD, gaps=(aws.gap("Access"),)),
        {},
        {"violation": {"ssh-open-world"}, "inconclusive": {"forbidden"}},
    ),
    ("refresh-keeps-old", group(protect_new=True, protected="Wait"), {}, {"pass": set()}),
    (
        "refresh-keeps-old",
        held(
            workloads=(aws.workload(group_seen=aws.group(protected="Ignore", standby="Ignore", warm=1)),),
            instances=(
                aws.server("i-0a", machine_seen=aws.machine(protected=True)),
                aws.server("i-0b", machine_seen=aws.machine(lifecycle="Standby")),
                aws.server("i-0c", 2, aws.OLD, machine_seen=WARM),
                aws.server("i-0d", machine_seen=WARM),
            ),
        ),
        {},
        {"violation": {"protected-member", "standby-member", "warm-on-old-release"}},
    ),
    ("state-on-instance", held(volumes=(aws.disk(kept=None),)), {}, {"inconclusive": {"not-reported"}}),
    ("state-on-instance", held(volumes=(aws.disk(root=False, declared=None),)), {}, {"inconclusive": {"not-reported"}}),
    ("state-on-instance", held(gaps=(aws.gap("Volume"),)), {}, {"inconclusive": {"forbidden"}}),
]  # fmt: skip
"""Check, facts, settings, and the codes by verdict: what the case files (tests/checks) do not hold."""

BEFORE: list[Row] = [
    ("image-pinned-by-digest", held(), {}, {"pass": set()}),
    ("instance-runs-release", held(), {}, {"pass": set()}),
    ("instance-runs-release", one(image=aws.OLD), {}, {"violation": {"other-artifact"}}),
    ("release-uniform", held(), {}, {"pass": set()}),
    ("release-uniform", one(image=aws.OLD), {}, {"violation": {"mixed-images"}}),
    (
        "release-uniform",
        held(releases=parts("resolve:ssm:/x"), instances=(aws.server("i-0a", image=aws.OLD), aws.server("i-0b"))),
        {},
        {"violation": {"mixed-images"}},
    ),
    ("unmanaged-instance", held(), {}, {"pass": set()}),
    (
        "unmanaged-instance",
        held(instances=(aws.server(owner=None, release_ref=None, workload=aws.ref("Instance", "i-0a")),)),
        {},
        {"violation": {"no-controller"}},
    ),
    ("rollout-replaces", held(), {}, {"pass": set()}),
    (
        "rollout-replaces",
        held(workloads=(aws.workload(strategy=Strategy("InstanceRefresh", "100%")),)),
        {},
        {"violation": {"all-at-once"}},
    ),
    ("rollout-complete", held(), {}, {"pass": set()}),
    ("rollout-complete", held(instances=tuple(STALE)), {}, {"violation": {"superseded-outlives"}}),
    (
        "rollout-complete",
        held(
            instances=tuple(STALE),
            workloads=(aws.workload(rollout_seen=aws.rollout(reason="InProgress", updated=1)),),
        ),
        {},
        {"inconclusive": {"under-way"}},
    ),
    (
        "rollout-complete",
        held(workloads=(aws.workload(rollout_seen=aws.rollout(reason="Failed", progressing="False", phase="Failed")),)),
        {},
        {"violation": {"failed"}},
    ),
    (
        "rollout-complete",
        held(workloads=(aws.workload(rollout_seen=aws.rollout(aborted=True)),)),
        {},
        {"violation": {"aborted"}},
    ),
    (
        "rollout-complete",
        held(
            instances=tuple(STALE),
            workloads=(aws.workload(rollout_seen=aws.rollout(reason="", progressing=None, since="", updated=1)),),
        ),
        {},
        {"violation": {"superseded-outlives"}},
    ),
    (
        "rollout-complete",
        held(
            instances=tuple(STALE),
            releases=(aws.release(2, aws.OLD), aws.release(3, aws.NEW, created="2026-11-10T11:55:00Z")),
        ),
        {},
        {"inconclusive": {"under-way"}},
    ),
    ("prior-release-kept", held(), {}, {"pass": set()}),
    ("prior-release-kept", held(releases=(aws.release(3, aws.NEW),)), {}, {"violation": {"none-kept"}}),
    ("replacement-time", held(), {}, {"pass": set()}),
    ("replacement-time", one(ready_since="2026-11-05T10:20:00Z"), {}, {"violation": {"ready-late"}}),
    ("replacement-time", one(ready=False, ready_since=""), {}, {"violation": {"never-ready"}}),
    ("replacement-time", one(ready=False, ready_since="", phase="stopped"), {}, {"pass": set()}),
    ("replacement-time", one(ready=False, machine_seen=WARM), {}, {"pass": set()}),
]  # fmt: skip
"""The same of the checks that were there before there were servers."""


def name(row: Any) -> str:
    return f"{row[0]}-{'-'.join(sorted(set().union(*row[3].values()) or row[3]))}"


@pytest.mark.parametrize("row", CASES + BEFORE, ids=name)
def test_what_a_check_says_of_servers(row: Row) -> None:
    check, facts, settings, wanted = row
    assert outcome(check, facts, **settings) == wanted


def test_a_finding_of_an_image_hangs_on_the_group_and_one_of_an_account_wide_door_on_the_account() -> None:
    lost = images(aws.image(found=False), aws.image(aws.OLD))
    (finding,) = audit(lost, "s-0", [CHECKS["machine-image-lost"]], {}).findings
    assert (finding.owner.key, finding.part, len(finding.subjects)) == (WEB, "machine", 2)
    settings = convert_settings([CHECKS["server-access"]], {"server-access": {"administrators": [ADMIN]}})
    servers = tuple(aws.server(n, machine_seen=aws.machine(doors=("serial",))) for n in ("i-0a", "i-0b"))
    report = audit(aws.facts(instances=servers, accesses=(SERIAL,)), "s-0", [CHECKS["server-access"]], settings)
    assert [(f.owner.key, len(f.subjects)) for f in report.findings] == [("Door//serial", 1)]
    assert report.coverage[0].violations == 2


def test_a_release_whose_image_is_gone_is_not_gone_back_to() -> None:
    view = View(images(aws.image(), aws.image(aws.OLD, found=False, deprecated="2026-01-01T00:00:00Z")))
    found = blocking_violations(aws.release(2, aws.OLD), view, list(CHECKS.values()))
    assert found == {("machine-image-lost", "machine", "image-gone")}
    assert blocking_violations(aws.release(3, aws.NEW), view, list(CHECKS.values())) == set()


def test_what_a_blocking_check_yields_before_it_misses_something_stands() -> None:
    deprecated = aws.image(aws.OLD, owner=aws.FOREIGN, deprecated="2026-01-01T00:00:00Z")
    view = View(images(aws.image(), deprecated))
    found = blocking_violations(aws.release(2, aws.OLD), view, [CHECKS["machine-image-trusted"]])
    assert found == {("machine-image-trusted", "machine", "deprecated")}


def test_a_check_of_servers_is_not_asked_about_a_planned_container_of_a_cluster() -> None:
    check = msgspec.structs.replace(CHECKS["machine-image-trusted"], scopes=("kubernetes",))
    deprecated = aws.image(aws.OLD, deprecated="2026-01-01T00:00:00Z")
    assert blocking_violations(aws.release(2, aws.OLD), View(images(aws.image(), deprecated)), [check]) == set()


def test_of_two_versions_with_one_content_the_group_runs_the_one_that_it_names() -> None:
    twice = (aws.release(2, aws.NEW, template="t3"), aws.release(3, aws.NEW))
    view = View(aws.facts(releases=twice))
    assert view.current_release(next(iter(view.facts.workloads))).number == 3


def test_every_cause_of_user_data_has_its_words() -> None:
    kinds = ("package", "download", "pipe-to-shell", "repository", "configuration", "agent")
    assert set(CODES) == set(kinds)
    for kind in kinds:
        assert outcome("user-data-mutates", boot(BootStep(1, kind, "x"))) == {"violation": {CODES[kind][0]}}


def test_a_declared_key_reaches_the_recording_and_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    settings, key = tmp_path / "auditor.toml", tmp_path / "key.pem"
    settings.write_text(f'[[trust]]\nname = "pipeline"\nkey = "{key}"\n')
    with pytest.raises(UsageError, match=r"trust\[0\].key"):
        Looking([str(tmp_path)], "", str(settings))
    key.write_text("-----BEGIN PUBLIC KEY-----")
    assert Looking([str(tmp_path)], "", str(settings)).one.trust == (TrustedKey("pipeline", key.read_text()),)


def test_a_group_whose_members_all_serve_with_its_release_is_remembered_as_whole() -> None:
    def remembered(facts: Facts) -> list[str]:
        return [row.value for row in observations(facts) if row.fact == "healthy"]

    assert remembered(aws.facts()) == ["t3"]
    assert remembered(aws.facts(workloads=(aws.workload(rollout_seen=aws.rollout(available=1)),))) == []
