"""What is wrong in auditor.toml is told all at once, each with its line and the nearest word that is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.settings import load_settings
from auditor.settings_errors import lines_of
from tools.errors import UsageError

WRONG = """sorce = "kubernetes:"  # line 1

[policy]
note = '''
mode = "no key of a table"
'''

[[policy.rules]]
mode = "one-approver"

[[policy.rules]]
actions = ["cordon", "drian"]
mode = "one-aprover"
max_host = "5%"

[[policy.windows]]
name = "night"
time_zone = "Europe/Berlim"
"""


def faults(tmp_path: Path, text: str) -> str:
    file = tmp_path / "auditor.toml"
    file.write_text(text)
    with pytest.raises(UsageError) as caught:
        load_settings(str(file))
    return caught.value.cause.replace(str(file), "auditor.toml")


def test_all_at_once_each_with_its_line_and_the_nearest_word(tmp_path: Path) -> None:
    said = faults(tmp_path, WRONG)
    for one in (
        "auditor.toml:1: sorce: Extra inputs are not permitted; did you mean 'source'?",
        "auditor.toml:4: policy.note: ",
        "auditor.toml:12: policy.rules[1].actions[1]: ",
        "did you mean 'drain'?",
        "auditor.toml:13: policy.rules[1].mode: ",
        "did you mean 'one-approver'?",
        "auditor.toml:14: policy.rules[1].max_host: Extra inputs are not permitted; did you mean 'max_hosts'?",
        "auditor.toml:18: policy.windows[0].time_zone: no time zone is named 'Europe/Berlim'",
    ):
        assert one in said


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('[[policy.rules]]\nmode = "one-approver"\nwindows = ["day"]\n', "no window is named 'day'"),
        ("[[policy.rules]]\n", "auditor.toml:1: policy.rules[0].mode: Field required"),
        (
            '[[approvers]]\nname = "alice"\nusers = ["a"]\n[[policy.rules]]\nmode = "one-approver"\n'
            'approvers = ["alcie"]\n',
            "no approver is named 'alcie'",
        ),
        ('[[policy.rules]]\nmode = "two-approvers"\napprovers = ["alice"]\n', "one alone is named"),
        ('[[policy.rules]]\nmode = "one-approver"\nmax_hosts = "101%"\n', "a number, or a share"),
        ('[[policy.rules]]\nmode = "one-approver"\nmax_hosts = -1\n', "a number, or a share"),
        ('[[policy.rules]]\nmode = "one-approver"\nper_hour = true\n', "policy.rules[0].per_hour"),
        ('[[policy.stops]]\nwhen = "cluster-unhealthy"\nat = 3\n', "takes share, not at"),
        ('[policy]\nrules = "all"\n', "auditor.toml:2: policy.rules: "),
    ],
)
def test_what_a_policy_may_not_say(tmp_path: Path, text: str, what: str) -> None:
    assert what in faults(tmp_path, text)


def test_lines_of_dotted_and_quoted_keys() -> None:
    found = lines_of('a.b = 1\n["x.y".z]\n"k 1" = 2\n[[t]]\n[t.u]\nv = 1\n[[t]]\n')
    assert found[("a", "b")] == 1
    assert found[("x.y", "z", "k 1")] == 3
    assert found[("t", 0, "u", "v")] == 6
    assert found[("t", 1)] == 7
