"""Stop rules: what makes one hold, that it holds across runs, and that those alone lift it whom the policy names."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from auditor import gate, lifting
from auditor.ledger.chain import entries
from auditor.ledger.entry import Body
from auditor.ledger.verify import verify
from auditor.policy.decide import Needed
from auditor.policy.looked import note_look
from auditor.settings import Settings
from auditor.signing import sshsig
from auditor.store.snapshots import pack
from auditor.store.store import Store
from tests.looks import CLUSTER, host, instance, look
from tests.planned import planned
from tests.running import auditor
from tools.catalogue import convert_settings, discover
from tools.engine import audit
from tools.errors import AuditorError, Refused
from tools.model.facts import Facts
from tools.model.identity import Ref
from tools.model.nouns import Pool
from tools.model.plan import Plan
from tools.model.report import Report

CHECKS = discover()
BASELINE = convert_settings(CHECKS, {"host-baseline": {"pools": {"p": {"kubelet_version": "v2"}}}})
ALIKE = {"when": "hosts-drifting-alike", "at": 3, "lifted_by": ["alice", "bob"]}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(str(tmp_path / "store" / "store.db"))
    yield store
    store.database.connection.close()


def configured(*stops: dict[str, Any], **rest: Any) -> Settings:
    return Settings.model_validate({"policy": {"rules": [{"mode": "one-approver"}], "stops": list(stops)}, **rest})


def fleet(hour: int, drifting: int, ready: int = 10) -> Facts:
    """Ten hosts of one pool, some of another kubelet than its baseline, and an instance."""
    hosts = []
    for number in range(10):
        facts = {"kubelet_version": "v1" if number < drifting else "v2"}
        one = host(f"n{number}")
        hosts.append(msgspec.structs.replace(one, facts=facts, ready=number < ready))
    facts_of = look(hour, instance("a/x"), scope=CLUSTER)
    pool = Pool(ref=Ref(CLUSTER, "Pool", "", "p", ""))
    return msgspec.structs.replace(facts_of, hosts=tuple(hosts), pools=(pool,))


def seen(store: Store, settings: Settings, facts: Facts, checks: dict[str, Any] | None = None) -> Plan:
    """A run that looked at these facts, and its plan."""
    report: Report = audit(facts, "s", CHECKS, BASELINE if checks is None else checks)
    plan = planned(store, scope=CLUSTER)
    store.keep_look(plan.run, pack(facts))
    store.runs.update(plan.run, report=store.runs.save_report(report))
    note_look(plan.run, report, facts, settings.policy, store)
    return plan


def needed(plan: Plan, settings: Settings, store: Store) -> Needed:
    return gate.needed_for(plan, settings, store, datetime.now(UTC))


def lift(plan: Plan, settings: Settings, store: Store, person: str = "alice", user: str = "", stop: str = "") -> None:
    stops = lifting.held(needed(plan, settings, store), stop, plan.run)
    lifting.check_named(person, user or person, stops)
    with store.database.transaction():
        store.stops.lift(lifting.lifts_of(plan, stops, person, "the baseline was wrong", settings, store))


def test_hosts_that_drift_alike_stop_across_runs_until_a_person_lifts_it(store: Store) -> None:
    settings = configured(ALIKE)
    assert not needed(seen(store, settings, fleet(1, drifting=2)), settings, store).stops
    first = seen(store, settings, fleet(2, drifting=3))
    held = needed(first, settings, store)
    assert [(one.stop, one.by) for one in held.stops] == [("hosts-drifting-alike", ("alice", "bob"))]
    assert "3 hosts of pool p drift alike" in held.blocked[0]
    later = seen(store, settings, fleet(3, drifting=0))
    assert "it holds until it is lifted" in needed(later, settings, store).blocked[0], "the drift is gone, not the stop"
    lift(later, settings, store)
    assert not needed(later, settings, store).blocked
    assert not needed(first, settings, store).blocked, "an older plan's own look is of the same case"


def test_a_lift_is_of_one_case_and_not_of_what_grows_or_comes_again(store: Store) -> None:
    settings = configured(ALIKE)
    lift(seen(store, settings, fleet(1, drifting=4)), settings, store)
    for hour, drifting, stops in ((2, 4, False), (3, 3, False), (4, 5, True)):
        assert bool(needed(seen(store, settings, fleet(hour, drifting)), settings, store).stops) == stops
    lift(seen(store, settings, fleet(5, drifting=5)), settings, store)
    assert not needed(seen(store, settings, fleet(6, drifting=0)), settings, store).stops
    assert needed(seen(store, settings, fleet(7, drifting=3)), settings, store).stops, "it was gone and came again"


def test_a_rule_may_say_that_it_ends_with_its_cause(store: Store) -> None:
    settings = configured({**ALIKE, "until": "gone"}, {"when": "cluster-unhealthy", "share": "25%"})
    older = seen(store, settings, fleet(1, drifting=3, ready=7))
    assert {one.stop for one in needed(older, settings, store).stops} == {"hosts-drifting-alike", "cluster-unhealthy"}
    assert not needed(seen(store, settings, fleet(2, drifting=0)), settings, store).stops
    stays = configured({"when": "cluster-unhealthy", "share": "25%", "until": "lifted"})
    plan = seen(store, stays, fleet(3, drifting=0, ready=7))
    assert needed(seen(store, stays, fleet(4, drifting=0)), stays, store).stops
    assert "30% of the hosts" in needed(plan, stays, store).blocked[0]


def test_what_could_not_be_judged_stops_and_nobody_lifts_it(store: Store) -> None:
    settings = configured(ALIKE)
    without = seen(store, settings, fleet(1, drifting=5), checks=convert_settings(CHECKS, {}))
    (held,) = needed(without, settings, store).stops
    assert "not known" in held.detail
    with pytest.raises(Refused, match="no stop can be lifted"):
        lift(without, settings, store)


def test_a_look_that_could_not_judge_takes_no_case_for_gone(store: Store) -> None:
    settings = configured({**ALIKE, "until": "gone"})
    seen(store, settings, fleet(1, drifting=3))
    seen(store, settings, fleet(2, drifting=3), checks={})  # no baseline: nothing says which are right
    seen(store, settings, msgspec.structs.replace(fleet(3, drifting=0), hosts=(), pools=()))
    (case,) = store.stops.cases(CLUSTER)
    assert case.state == "seen"


def test_an_older_look_that_is_kept_late_says_nothing(store: Store) -> None:
    settings = configured({**ALIKE, "until": "gone"})
    seen(store, settings, fleet(5, drifting=3))
    seen(store, settings, fleet(1, drifting=0))
    assert [case.state for case in store.stops.cases(CLUSTER)] == ["seen"]


def test_a_quiet_round_writes_nothing(store: Store) -> None:
    settings = configured(ALIKE)
    for hour in (1, 2, 3):
        seen(store, settings, fleet(hour, drifting=3))
    assert store.database.connection.execute("SELECT count(*) FROM stops").fetchone() == (1,)


def test_a_failed_verification_is_lifted_run_by_run(store: Store) -> None:
    plan = planned(store)
    with store.database.transaction() as connection:
        moment = (datetime.now(UTC) - timedelta(hours=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
        connection.execute(
            "INSERT INTO journal_lines (plan, step, at, state, detail) VALUES (?, 1, ?, 'intent', '')",
            (plan.id, moment),
        )
    store.runs.update(plan.run, state="failed")
    other = planned(store)
    day = configured({"when": "verification-failed"})
    assert not needed(other, day, store).blocked, "its 24 hours are over"
    settings = configured({"when": "verification-failed", "until": "lifted", "lifted_by": ["alice"]})
    assert [one.case for one in needed(other, settings, store).stops] == [plan.run]
    lift(other, settings, store)
    assert not needed(other, settings, store).blocked


@pytest.mark.parametrize(("person", "user"), [("mallory", "mallory"), ("", "system:serviceaccount:a:b"), ("carol", "")])
def test_who_is_not_named_is_refused(store: Store, person: str, user: str) -> None:
    settings = configured(ALIKE)
    plan = seen(store, settings, fleet(1, drifting=3))
    with pytest.raises(Refused, match="may not lift hosts-drifting-alike") as caught:
        lift(plan, settings, store, person, user)
    assert caught.value.code == "not-allowed"
    assert needed(plan, settings, store).blocked


def test_where_one_of_several_is_not_theirs_nothing_is_lifted(store: Store) -> None:
    settings = configured(ALIKE, {"when": "cluster-unhealthy", "lifted_by": ["bob"]})
    plan = seen(store, settings, fleet(1, drifting=3, ready=5))
    with pytest.raises(Refused):
        lift(plan, settings, store)
    lift(plan, settings, store, stop="hosts-drifting-alike")
    assert [one.stop for one in needed(plan, settings, store).stops] == ["cluster-unhealthy"]


def test_every_lift_has_its_entry_and_one_that_was_slipped_in_is_told(store: Store) -> None:
    settings = configured(ALIKE)
    plan = seen(store, settings, fleet(1, drifting=3))
    lift(plan, settings, store)
    told = [msgspec.json.decode(entry.body, type=Body) for entry in entries(store.database)]
    (entry,) = [body for body in told if body.kind == "lift"]
    assert entry.about["person"] == "alice"
    assert entry.about["reason"] == "the baseline was wrong"
    assert entry.about["cause"] == store.stops.cases(CLUSTER)[0].id
    assert verify(store.database, ()).faults == ()
    with store.database.transaction() as connection:
        connection.execute(
            "INSERT INTO lifts SELECT 'l-forged', scope, stop, 's-2', person, how, at, reason FROM lifts"
        )
        connection.execute(
            "INSERT INTO stops SELECT 99, id, scope, stop, cause, 9, 'gone', run, at, detail FROM stops LIMIT 1"
        )
    assert sorted(fault.message for fault in verify(store.database, ()).faults) == [
        "lifted stop l-forged is in the store and not in the ledger",
        "the stop's case 99 is in the store and not in the ledger",
    ]


def test_a_lift_without_its_entry_is_no_lift(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise AuditorError("no key")

    settings = configured(ALIKE)
    plan = seen(store, settings, fleet(1, drifting=3))
    monkeypatch.setattr("auditor.store.stops.record", fails)
    with pytest.raises(AuditorError, match="no key"):
        lift(plan, settings, store)
    assert needed(plan, settings, store).stops


@pytest.mark.parametrize(
    ("stop", "what"),
    [
        ({"when": "verification-failed", "until": "gone"}, "never gone"),
        ({"when": "verification-failed", "until": "lifted", "for_hours": 2}, "say one of them"),
        ({**ALIKE, "until": "someday"}, "'lifted' or 'gone'"),
    ],
)
def test_what_a_stop_rule_may_not_say(stop: dict[str, Any], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        configured(stop)


@pytest.fixture
def keyed(tmp_path: Path) -> Callable[[str], Path]:
    def made(name: str) -> Path:
        file = tmp_path / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(file)], check=True)
        return file

    return made


def settings_file(folder: Path, alice: Path, named: str = "alice") -> Settings:
    """auditor.toml whose one stop rule `named` lifts; bob is an approver too."""
    (folder / "auditor.toml").write_text(
        f'[[approvers]]\nname = "alice"\nkeys = ["{alice.with_suffix(".pub").read_text().strip()}"]\n'
        '[[approvers]]\nname = "bob"\nusers = ["bob"]\n'
        '[[policy.rules]]\nmode = "one-approver"\n'
        f'[[policy.stops]]\nwhen = "hosts-drifting-alike"\nlifted_by = ["{named}"]\n'
    )
    return configured(ALIKE)


def test_the_commands_say_who_can_lift_it_and_lift_it_by_a_key(
    tmp_path: Path, store: Store, keyed: Callable[[str], Path]
) -> None:
    alice, eve = keyed("alice"), keyed("eve")
    plan = seen(store, settings_file(tmp_path, alice), fleet(1, drifting=3))
    said = auditor(tmp_path, "policy", "explain", plan.run)
    assert said.code == 1, said
    case = store.stops.cases(CLUSTER)[0].id
    assert f"hosts-drifting-alike ({case}): alice" in said.out, said
    assert auditor(tmp_path, "policy", "explain", plan.run, "--json").report["stops"][0]["by"] == ["alice"]
    again = ("policy", "lift", plan.run, "--reason", "a new image", "--sign")
    for key, name, code, told in (
        (eve, "alice", 1, "is not alice's"),
        (alice, "bob", 1, "bob may not lift hosts-drifting-alike"),
        (alice.with_suffix(".pub"), "alice", 2, "is a public key"),
    ):
        said = auditor(tmp_path, *again, key, "--as", name)
        assert said.code == code, said
        assert told in said.first
    said = auditor(tmp_path, *again, alice, "--as", "alice")
    assert said.code == 0, said
    assert auditor(tmp_path, "policy", "explain", plan.run).code == 0
    entry = [msgspec.json.decode(row.body, type=Body) for row in entries(store.database)][-1].about
    signature = sshsig.read(entry["signature"])
    assert sshsig.verify(signature, signature.key, lifting.NAMESPACE, entry["statement"].encode())
    assert not sshsig.verify(signature, signature.key, "auditor-approval@v1", entry["statement"].encode())
    assert len(store.runs.refusals(plan.run)) == 2
    said = auditor(tmp_path, *again, alice, "--as", "alice")
    assert said.code == 1, said
    assert "no stop can be lifted" in said.first


def test_a_reason_is_asked_for(tmp_path: Path) -> None:
    said = auditor(tmp_path, "policy", "lift", "r-1")
    assert said.code == 2, said
    assert "say why" in said.first


def test_a_name_that_nobody_has_is_an_error_of_the_settings() -> None:
    approvers = [{"name": "alice", "users": ["a"]}]
    with pytest.raises(ValueError, match="no approver is named 'bob'"):
        configured(ALIKE, approvers=approvers)
