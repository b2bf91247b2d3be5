"""An account read over HTTP from the embedded AWS: who asks, where, and what it comes to."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest

from tests.aws_reading import Shop, environment, furnished
from tests.objects import kube_system, node, record
from tools.collect.aws import call
from tools.collect.aws.live import AT_A_TIME
from tools.collect.aws.options import Options
from tools.collect.aws.session import connect
from tools.collect.sources import collect, merge, parse_source
from tools.errors import SourceError, UsageError
from tools.model.observation import NotObserved
from tools.model.snapshot import Snapshot

ASSUMED = b"""<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<AssumedRoleUser><AssumedRoleId>AROA:auditor</AssumedRoleId>
<Arn>arn:aws:sts::123456789012:assumed-role/reader/auditor</Arn></AssumedRoleUser>
<Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>
<SessionToken>token</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def whole() -> Iterator[Shop]:
    with furnished() as made:
        yield made


@pytest.fixture
def shop(whole: Shop) -> Shop:
    whole.proxy.clear()
    return whole


def refused(options: Options) -> SourceError:
    with pytest.raises(SourceError) as caught:
        connect(options)
    error = caught.value
    assert error.message
    assert error.mend
    return error


def test_the_fleet_is_read(shop: Shop) -> None:
    facts = shop.facts()
    (scope,) = facts.scopes
    assert (scope.id, scope.kind, scope.stable, scope.recorded) == ("123456789012/eu-central-1", "aws", True, False)
    groups = {one.ref.name: one for one in facts.workloads if one.ref.kind == "AutoScalingGroup"}
    assert set(groups) == {"web", "batch"}
    running = {one.ref.name for one in facts.instances if one.phase == "running"}
    assert running == {*shop.ids["web"], *shop.ids["batch"], shop.ids["bare"]}
    assert {one.ref.name for one in facts.artifacts} == set(shop.ids["images"])
    assert facts.changes
    assert facts.accesses
    assert facts.attestations


def test_it_reads_and_never_writes(shop: Shop) -> None:
    shop.facts()
    names = {key.partition(".")[2] for key in shop.proxy.asked}
    assert all(name.startswith(("Describe", "Get", "List", "Lookup", "BatchGet")) for name in names)


def test_no_more_requests_of_a_service_at_once_than_it_may_have(shop: Shop) -> None:
    shop.proxy.slow = 0.05
    shop.facts()
    assert max(shop.proxy.busy.values()) <= AT_A_TIME
    assert shop.proxy.busy["ec2"] > 1


def test_the_same_fleet_gives_the_same_facts(shop: Shop) -> None:
    one, other = shop.facts(), shop.facts()
    assert (one.instances, one.workloads, one.releases) == (other.instances, other.workloads, other.releases)
    assert (one.accesses, one.gaps) == (other.accesses, other.gaps)


def test_what_has_a_rate_keeps_to_it() -> None:
    pace, start = call.Pace(20), time.monotonic()
    for _ in range(5):
        pace.wait()
    assert 0.2 <= time.monotonic() - start < 1


@pytest.mark.parametrize(
    ("text", "profile", "region"),
    [
        ("aws:", "", ""),
        ("aws:prod", "prod", ""),
        ("aws:@eu-central-1", "", "eu-central-1"),
        ("aws:prod@eu-central-1", "prod", "eu-central-1"),
        ("aws:ops@example.org@eu-central-1", "ops@example.org", "eu-central-1"),
    ],
)
def test_a_source_names_profile_and_region(text: str, profile: str, region: str) -> None:
    source = parse_source(text, aws=Options(role="arn:aws:iam::123456789012:role/reader"))
    assert source.aws is not None
    assert (source.aws.profile, source.aws.region) == (profile, region)
    assert source.aws.role
    assert source.live


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("InvalidClientTokenId", "does not accept the credentials"),
        ("SignatureDoesNotMatch", "does not accept the credentials"),
        ("ExpiredToken", "have expired"),
        ("OptInRequired", "not signed up"),
    ],
)
def test_credentials_that_are_wrong(code: str, told: str, shop: Shop) -> None:
    shop.proxy.faults["sts.GetCallerIdentity"] = code
    error = refused(shop.options())
    assert told in error.message
    assert code in error.cause


def test_a_region_that_is_not_enabled(shop: Shop) -> None:
    shop.proxy.regions["sts.GetCallerIdentity@ap-east-1"] = "InvalidClientTokenId"
    error = refused(shop.options(region="ap-east-1"))
    assert "the region ap-east-1 is not enabled" in error.message


def test_no_credentials(shop: Shop) -> None:
    with environment(shop.aws, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY=""):
        assert "no credentials" in refused(shop.options()).message


def test_half_of_the_credentials(shop: Shop) -> None:
    with environment(shop.aws, AWS_SECRET_ACCESS_KEY=""):
        assert "no credentials" in refused(shop.options()).message


def test_no_region(shop: Shop) -> None:
    with environment(shop.aws, AWS_DEFAULT_REGION="", AWS_REGION=""):
        assert "no region" in refused(shop.options()).message


def test_a_profile_that_is_not_there(shop: Shop, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("[profile prod]\nregion = eu-central-1\n", encoding="utf-8")
    with environment(shop.aws, AWS_CONFIG_FILE=str(config)):
        error = refused(shop.options(profile="pord"))
    assert "no AWS profile 'pord'" in error.message
    assert "prod" in error.cause


def test_a_configuration_that_can_not_be_read(shop: Shop, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("region = eu-central-1\n", encoding="utf-8")
    with environment(shop.aws, AWS_CONFIG_FILE=str(config)):
        assert "can't be read" in refused(shop.options()).message


def test_nothing_answers(shop: Shop) -> None:
    error = refused(shop.options(endpoint="http://127.0.0.1:9", attempts=1))
    assert "nothing answers" in error.message
    assert "127.0.0.1:9" in error.cause


@pytest.mark.parametrize("fault", ["html", "nonsense", "cut"])
def test_something_else_answers(fault: str, shop: Shop) -> None:
    shop.proxy.faults["sts.GetCallerIdentity"] = fault
    assert refused(shop.options()).cause


@pytest.mark.parametrize("endpoint", ["localhost", "ftp:/x", "http://"])
def test_an_endpoint_that_is_no_address(endpoint: str, shop: Shop) -> None:
    refused(shop.options(endpoint=endpoint, attempts=1))


@pytest.mark.parametrize("region", ["eu central 1", "../x", "-"])
def test_a_region_that_can_be_none(region: str, shop: Shop) -> None:
    assert "region" in refused(shop.options(region=region)).message


def test_a_misspelt_region_is_told_from_no_network(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def unresolved(*_: Any, **__: Any) -> Any:
        raise OSError("name or service not known")

    monkeypatch.setattr("urllib3.util.connection.create_connection", unresolved)
    misspelt = refused(Options(region="eu-centrl-1", attempts=1))
    assert "no region eu-centrl-1" in misspelt.message
    assert "eu-central-1" in misspelt.mend
    assert "nothing answers" in refused(Options(region="eu-central-1", attempts=1)).message


def test_an_assumed_role(shop: Shop) -> None:
    role = "arn:aws:iam::123456789012:role/reader"
    shop.proxy.pages["sts.AssumeRole"] = [ASSUMED % b"2099-01-01T00:00:00Z"]
    connection = connect(shop.options(role=role, external_id="shop"))
    assert connection.account == "123456789012"
    assert shop.proxy.asked == ["sts.AssumeRole", "sts.GetCallerIdentity"]


def test_a_role_whose_credentials_are_expired_at_once(shop: Shop) -> None:
    shop.proxy.pages["sts.AssumeRole"] = [ASSUMED % b"2001-01-01T00:00:00Z"]
    error = refused(shop.options(role="arn:aws:iam::123456789012:role/reader"))
    assert "expired" in error.cause
    assert "clock" in error.mend


def test_a_role_that_may_not_be_assumed(shop: Shop) -> None:
    shop.proxy.faults["sts.AssumeRole"] = "denied"
    error = refused(shop.options(role="arn:aws:iam::123456789012:role/reader"))
    assert "can't be assumed" in error.message
    assert "trust policy" in error.mend


def test_a_role_of_a_profile(shop: Shop, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[profile prod]\nregion = eu-central-1\nrole_arn = arn:aws:iam::123456789012:role/reader\n"
        "credential_source = Environment\n",
        encoding="utf-8",
    )
    shop.proxy.pages["sts.AssumeRole"] = [ASSUMED % b"2099-01-01T00:00:00Z"]
    with environment(shop.aws, AWS_CONFIG_FILE=str(config), AWS_ENDPOINT_URL=shop.proxy.endpoint):
        connect(shop.options(profile="prod", endpoint=""))
    assert shop.proxy.asked == ["sts.AssumeRole", "sts.GetCallerIdentity"]


def test_regions_are_scopes_of_their_own(shop: Shop) -> None:
    parts = [collect(parse_source(f"aws:@{name}", aws=shop.options())) for name in ("eu-central-1", "eu-west-1")]
    facts = merge(parts)
    assert [scope.id for scope in facts.scopes] == ["123456789012/eu-central-1", "123456789012/eu-west-1"]
    assert {one.ref.scope for one in facts.instances} == {"123456789012/eu-central-1"}
    with pytest.raises(UsageError, match="same account and region"):
        merge([parts[0], parts[0]])


def test_a_node_joins_its_server(shop: Shop, tmp_path: Path) -> None:
    machine = shop.ids["web"][0]
    cluster = [node("node-a"), node("node-b"), kube_system()]
    cluster[0]["spec"]["providerID"] = f"aws:///eu-central-1a/{machine}"
    cluster[1]["spec"]["providerID"] = "aws:///eu-central-1a/i-0elsewhere"
    file = record(tmp_path / "cluster.json", *cluster)
    facts = merge([collect(parse_source(str(file))), shop.facts()])
    assert {scope.kind for scope in facts.scopes} == {"kubernetes", "aws"}
    assert all(scope.moment for scope in facts.scopes)
    snapshot = Snapshot(facts)
    hosts = {host.ref.name: host for host in facts.hosts}
    joined = snapshot.machine_of(hosts["node-a"])
    assert joined is not None
    assert joined.ref.name == machine
    with pytest.raises(NotObserved):
        snapshot.machine_of(hosts["node-b"])


def test_the_console_script_audits_an_account(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "auditor.toml").write_text(
        f'[aws]\nendpoint = "{shop.proxy.endpoint}"\npaced = false\nmax_attempts = 1\n', encoding="utf-8"
    )
    done = run("audit", "aws:", folder=tmp_path)
    assert done.returncode == 10, done.stderr
    assert done.stdout.startswith("account @eu-central-1  123456789012/eu-central-1")
    assert "[unmanaged-instance]" in done.stdout


def test_doctor_of_an_account(shop: Shop, tmp_path: Path) -> None:
    shop.proxy.faults["ec2.DescribeInstances"] = "denied"
    (tmp_path / "auditor.toml").write_text(
        f'[aws]\nendpoint = "{shop.proxy.endpoint}"\npaced = false\nmax_attempts = 1\n', encoding="utf-8"
    )
    done = run("doctor", "aws:", folder=tmp_path)
    assert done.returncode == 3, done.stderr
    assert "ec2:DescribeInstances" in done.stdout
    assert run("doctor", "aws:", "--acting", folder=tmp_path).returncode == 2


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """The console script, in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "auditor", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "160"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_help_does_not_import_botocore() -> None:
    code = "import sys, auditor.main\nsys.argv[1:] = ['--help']\ntry: auditor.main.main()\nexcept SystemExit: pass\n"
    done = subprocess.run(
        [sys.executable, "-c", code + "assert not {'boto3', 'botocore', 'moto'} & set(sys.modules)"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_times_are_left_as_text(shop: Shop) -> None:
    told = shop.connection.client("ec2").describe_instances()["Reservations"][0]["Instances"][0]["LaunchTime"]
    assert isinstance(told, str)
    plain = botocore.session.Session().create_client("ec2", endpoint_url=shop.aws.endpoint).describe_instances()
    assert not isinstance(plain["Reservations"][0]["Instances"][0]["LaunchTime"], str)
