"""Waivers as a person meets them: in every report under their own heading, and kept with the run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.objects import REPOSITORY, A, Object, fleet, pod, record
from tests.running import Said, auditor

TAGGED = "image-pinned-by-digest"
HOSTILE = "\\u001b[2J\\u202e[red]"


def waiver(subject: str = "Pod/default/*", check: str = TAGGED, expires: str = "2999-12-31", **more: str) -> str:
    told = {"check": check, "subject": subject, "owner": "Bob", "reason": "the vendor ships tags alone", **more}
    return "\n".join(["[[waivers]]", *(f'{key} = "{value}"' for key, value in told.items()), f"expires = {expires}\n"])


def tagged(*names: str) -> list[Object]:
    """A fleet in which these pods, which no controller keeps, name their image by tag."""
    return [*fleet(), *(pod(name, f"{REPOSITORY}:v1", f"{REPOSITORY}@{A}", owner="") for name in names)]


BARE = waiver(check="unmanaged-instance")


def audited(home: Path, settings: str, *arguments: str, objects: list[Object] | None = None) -> Said:
    (home / "auditor.toml").write_text(settings)
    return auditor(home, "audit", record(home / "all.json", *(objects or tagged("a"))), *arguments)


def section(out: str, title: str) -> str:
    """What stands under a heading, to the next empty line."""
    assert f"\n{title}" in out, out
    return out.partition(f"\n{title}")[2].partition("\n\n")[0]


def rows(found: list[dict[str, Any]]) -> list[str]:
    return [row["check"] for row in found]


def test_what_is_waived_stands_apart_and_does_not_count(tmp_path: Path) -> None:
    plain = audited(tmp_path, "")
    assert plain.code == 10
    assert "WAIVE" not in plain.out
    assert "waived" not in auditor(tmp_path, "runs").out
    said = audited(tmp_path, waiver() + BARE)
    assert said.code == 0
    assert "VIOLATIONS" not in said.out
    part = section(said.out, "WAIVED  2")
    for text in ("until 3000-01-01 00:00Z Bob: the vendor ships tags alone", f"[{TAGGED}]", "Pod/default/a app: names"):
        assert text in part
    assert "0 violations, 3 inconclusive, 2 waived  exit 0" in said.out
    assert "WAIVERS TO LOOK AT" not in said.out


def test_in_json(tmp_path: Path) -> None:
    before = audited(tmp_path, "", "--json").report
    assert (before["waived"], before["waivers"]) == ([], [])
    told = audited(tmp_path, waiver(), "--json").report
    assert rows([one for one in told["findings"] if one["verdict"] == "violation"]) == ["unmanaged-instance"]
    assert rows([one["finding"] for one in told["waived"]]) == [TAGGED]
    (use,) = told["waivers"]
    assert told["waived"][0]["by"] == [use["waiver"]["id"]]
    assert (use["waiver"]["owner"], use["waiver"]["expires"], use["state"]) == ("Bob", "3000-01-01T00:00:00Z", "holds")
    assert told["coverage"] == before["coverage"], "what was found is counted as before"


def test_the_same_bytes_for_the_same_input(tmp_path: Path) -> None:
    text = waiver() + BARE
    other = BARE + waiver()
    assert audited(tmp_path, text, "--json").out == audited(tmp_path, other, "--json").out


def test_one_left_is_exit_10_and_next_to_it_nothing_is_hidden(tmp_path: Path) -> None:
    said = audited(tmp_path, waiver(subject="Pod/default/a") + BARE, objects=tagged("a", "b"))
    assert said.code == 10
    assert "Pod/default/b" in section(said.out, "VIOLATIONS  1")
    assert "Pod/default/a" in section(said.out, "WAIVED  3")


def test_an_expired_one_counts_again_and_is_told(tmp_path: Path) -> None:
    said = audited(tmp_path, waiver(expires="2001-01-01") + BARE)
    assert said.code == 10
    assert f"[{TAGGED}]" in section(said.out, "VIOLATIONS  1")
    told = section(said.out, "WAIVERS TO LOOK AT")
    assert f"expired  {TAGGED} on Pod/default/*: it ended at 2001-01-02 00:00Z; 1 finding counts again" in told
    assert "Bob: the vendor ships tags alone" in " ".join(told.split())


def test_one_that_ends_soon_is_told_while_it_holds(tmp_path: Path) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date()
    said = audited(tmp_path, waiver(expires=str(tomorrow)) + BARE)
    assert said.code == 0
    told = section(said.out, "WAIVERS TO LOOK AT")
    assert f"expires soon  {TAGGED} on Pod/default/*: it ends at {tomorrow + timedelta(days=1)} 00:00Z; 1 fin" in told
    assert f"[{TAGGED}]" in section(said.out, "WAIVED  2")


def test_today_is_not_over_yet(tmp_path: Path) -> None:
    """A bare date holds to its end in UTC: yesterday's has ended, today's has not."""
    today = datetime.now(UTC).date()
    assert audited(tmp_path, waiver(expires=str(today)) + BARE).code == (0 if today == datetime.now(UTC).date() else 10)
    assert audited(tmp_path, waiver(expires=str(today - timedelta(days=1))) + BARE).code == 10


def test_an_unused_one_is_told(tmp_path: Path) -> None:
    said = audited(tmp_path, waiver() + BARE + waiver(subject="Pod/other/*"))
    assert said.code == 0
    told = section(said.out, "WAIVERS TO LOOK AT")
    assert f"unused  {TAGGED} on Pod/other/*: nothing was found that it is about" in told
    assert told.count("unused") == 1


def test_evidence_that_is_missing_is_never_waived_away(tmp_path: Path) -> None:
    """Everything is waived, and a pod list is not there: still exit 3."""
    objects = [thing for thing in fleet() if thing["kind"] != "Pod"]
    plain = audited(tmp_path, "", objects=objects)
    assert plain.code == 3
    checks = [row["check"] for row in audited(tmp_path, "", "--json", objects=objects).report["coverage"]]
    said = audited(tmp_path, "".join(waiver(subject="*", check=check) for check in checks), objects=objects)
    assert said.code == 3


def test_an_undecided_finding_stands(tmp_path: Path) -> None:
    silent = pod("a", f"{REPOSITORY}:v1", "", owner="")
    told = audited(tmp_path, "", "--json", objects=[*fleet(), silent]).report["findings"]
    undecided = next(row for row in told if row["verdict"] == "inconclusive")
    text = (
        f'[[waivers]]\nfingerprint = "{undecided["fingerprint"]}"\nowner = "Bob"\nreason = "so"\nexpires = 2999-01-01\n'
    )
    said = audited(tmp_path, text, objects=[*fleet(), silent])
    assert undecided["fingerprint"] in section(said.out, "INCONCLUSIVE")
    assert "is inconclusive, and that is never waived" in section(said.out, "WAIVERS TO LOOK AT")


def test_since(tmp_path: Path) -> None:
    audited(tmp_path, "")
    now = audited(tmp_path, waiver(), "--since", "last")
    head, _, row = now.out.partition("\nSINCE ")[2].partition("\n")
    assert head.endswith("0 new, 0 gone, 0 changed, 1 waived now")
    assert row.split()[0] == "waived"
    assert "until 3000-01-01 00:00Z by Bob: the vendor ships tags alone; names its image by tag" in " ".join(
        row.split()
    )
    told = audited(tmp_path, waiver(expires="2001-01-01"), "--since", "last", "--json").report["since"]
    assert [one["by"][0]["owner"] for one in told["unwaived"]] == ["Bob"]
    assert (told["new"], told["gone"], told["changed"], told["waived"]) == ([], [], [], [])
    audited(tmp_path, waiver())
    then = audited(tmp_path, "", "--since", "last")
    assert "0 new, 0 gone, 0 changed, 1 no longer waived" in then.out
    assert "it was until 3000-01-01" in " ".join(then.out.split())


def test_an_old_run_says_what_it_said(tmp_path: Path) -> None:
    first = audited(tmp_path, waiver() + BARE)
    run = auditor(tmp_path, "runs", "--json").report["runs"][0]
    assert (run["waived"], run["violations"], run["exit"]) == (2, 0, 0)
    audited(tmp_path, "")
    assert first.out in auditor(tmp_path, "show", run["id"]).out, "though auditor.toml names no waiver any more"
    assert len(auditor(tmp_path, "show", run["id"], "--json").report["report"]["waived"]) == 2
    newest = auditor(tmp_path, "runs").out.splitlines()
    assert newest[0].split()[3:7] == ["viol.", "inconcl.", "waived", "exit"]
    assert [line.split()[3:7] for line in newest[1:]] == [["2", "3", "·", "10"], ["0", "3", "2", "0"]]


def test_explain_says_who_waived_it(tmp_path: Path) -> None:
    audited(tmp_path, waiver() + BARE)
    assert "the last audit found no violation" in auditor(tmp_path, "explain").out
    (one, *_) = auditor(tmp_path, "show", "last", "--json").report["report"]["waived"]
    name = one["finding"]["fingerprint"]
    assert "waived until 3000-01-01 00:00Z Bob: the vendor ships tags alone" in " ".join(
        auditor(tmp_path, "explain", name).out.split()
    )
    assert [by["owner"] for by in auditor(tmp_path, "explain", name, "--json").report["waived"][name]] == ["Bob"]


def test_plan_makes_no_remedy_for_what_is_waived(tmp_path: Path) -> None:
    from auditor.commands.demo import RECORDING

    rules = (RECORDING / "auditor.toml").read_text()
    (tmp_path / "auditor.toml").write_text(rules)
    plan = auditor(tmp_path, "plan", "--source", RECORDING, "--json")
    assert plan.code == 0, plan
    name = plan.report["finding"]
    by = f'\n[[waivers]]\nfingerprint = "{name}"\nowner = "Bob"\nreason = "so"\nexpires = 2999-01-01\n'
    (tmp_path / "auditor.toml").write_text(rules + by)
    other = auditor(tmp_path, "plan", "--source", RECORDING, "--json")
    assert other.code == 1 or other.report["finding"] != name
    asked = auditor(tmp_path, "plan", name, "--source", RECORDING)
    assert (asked.code, asked.out) == (1, "")
    assert asked.first == f" refused: finding {name} is waived until 2999-01-02 00:00Z"
    assert auditor(tmp_path, "runs", "--json").report["runs"][0]["outcome"] == "waived"


def test_hostile_text_reaches_no_terminal(tmp_path: Path) -> None:
    text = waiver(owner=HOSTILE, reason=HOSTILE) + waiver(subject=HOSTILE, scope=HOSTILE)
    said = audited(tmp_path, text)
    for out in (said.out, audited(tmp_path, "", "--since", "last").out, auditor(tmp_path, "show", "last").out):
        assert not set(out) & set("\x1b\u202e")
    assert "[red]" in said.out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (waiver(ownr="x"), "waivers[0].ownr: Extra inputs are not permitted; did you mean 'owner'?"),
        (waiver(check="image-pinned"), "did you mean 'image-pinned-by-digest'?"),
        (waiver(fingerprint="f-0123456789ab"), "name a fingerprint, or a check and a subject, not both"),
        (waiver() + waiver(), "waivers[1]: it waives what waivers[0] waives"),
        (waiver().replace("expires", "#"), "waivers[0].expires: Field required"),
    ],
)
def test_a_mistake_is_said_before_anything_is_looked_at(tmp_path: Path, text: str, said: str) -> None:
    told = audited(tmp_path, text)
    assert (told.code, told.out) == (2, "")
    assert said in told.err
    assert "auditor.toml:" in told.err
    assert not auditor(tmp_path, "runs", "--json").report["runs"]
