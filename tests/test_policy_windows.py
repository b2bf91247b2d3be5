"""When a window is open and a freeze holds: days, midnight, and a clock change both ways."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from auditor.policy.model import Freeze, Window
from auditor.policy.windows import DAYS, instant, is_open

BERLIN = "Europe/Berlin"  # +01:00, and +02:00 from 2026-03-29 02:00 to 2026-10-25 03:00


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-06-01T07:59:59", False),  # a Monday, 09:59:59 in Berlin
        ("2026-06-01T08:00:00", True),
        ("2026-06-01T09:59:59", True),
        ("2026-06-01T10:00:00", False),
        ("2026-06-02T08:00:00", False),
        ("2026-12-07T08:30:00", False),  # winter: 09:30
        ("2026-12-07T09:30:00", True),
    ],
)
def test_a_window_is_open_by_the_wall_clock_there(moment: str, expected: bool) -> None:
    assert is_open(["mon"], "10:00", "12:00", BERLIN, at(moment)) == expected


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-06-05T21:59:00", False),
        ("2026-06-05T22:00:00", True),  # Friday
        ("2026-06-06T01:59:00", True),  # Saturday morning is of Friday's window
        ("2026-06-06T02:00:00", False),
        ("2026-06-06T22:00:00", False),
        ("2026-06-05T01:00:00", False),
    ],
)
def test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins(moment: str, expected: bool) -> None:
    assert is_open(["fri"], "22:00", "02:00", "UTC", at(moment)) == expected


def minutes_open(begins: str, ends: str, day: str) -> int:
    start = at(day) - timedelta(hours=3)
    moments = (start + timedelta(minutes=n) for n in range(30 * 60))
    return sum(is_open(DAYS, begins, ends, BERLIN, m) for m in moments if m.date() == at(day).date())


def test_an_hour_that_is_left_out_is_never_open_and_one_that_comes_twice_is_open_twice() -> None:
    assert minutes_open("02:00", "03:00", "2026-03-28") == 60
    assert minutes_open("02:00", "03:00", "2026-03-29") == 0
    assert minutes_open("02:00", "03:00", "2026-10-25") == 120


def test_a_local_freeze_is_the_longer_where_a_clock_change_makes_it_ambiguous() -> None:
    twice = {"name": "f", "from": "2026-10-25T02:30:00", "until": "2026-10-25T02:45:00", "time_zone": BERLIN}
    freeze = Freeze.model_validate(twice)
    assert (freeze.first, freeze.last) == (at("2026-10-25T00:30:00"), at("2026-10-25T01:45:00"))
    assert instant(datetime(2026, 3, 29, 2, 30), BERLIN, latest=False) == at("2026-03-29T00:30:00")
    assert instant(datetime(2026, 3, 29, 2, 30), BERLIN, latest=True) == at("2026-03-29T01:30:00")


CLOCKS = st.tuples(st.integers(0, 23), st.integers(0, 59)).map(lambda hm: f"{hm[0]:02}:{hm[1]:02}")


@given(
    days=st.sets(st.sampled_from(DAYS), min_size=1),
    fewer=st.sets(st.sampled_from(DAYS)),
    begins=CLOCKS,
    ends=CLOCKS,
    moment=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),
)
def test_fewer_days_never_open_more(days: set[str], fewer: set[str], begins: str, ends: str, moment: datetime) -> None:
    if is_open(sorted(days & fewer), begins, ends, BERLIN, moment):
        assert is_open(sorted(days), begins, ends, BERLIN, moment)


@pytest.mark.parametrize(
    "wrong",
    [
        {"days": []},
        {"from": "10:00", "to": "10:00"},
        {"from": "24:00"},
        {"from": "9:00"},
        {"to": "24:01"},
        {"to": "٢٣:00"},
        {"time_zone": "Europe/Berlim"},
        {"time_zone": "../etc/passwd"},
        {"time_zone": ""},
        {"days": ["monday"]},
    ],
    ids=str,
)
def test_a_window_that_never_opens_or_is_not_understood(wrong: dict[str, object]) -> None:
    good = {"name": "w", "time_zone": "UTC"}
    assert Window.model_validate(good)
    with pytest.raises(ValidationError):
        Window.model_validate(good | wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"until": "2026-06-01T00:00:00Z"},
        {"from": "2026-06-01T00:00:00"},
        {"from": "2026-06-01T00:00:00", "time_zone": "nowhere"},
    ],
    ids=str,
)
def test_a_freeze_that_is_not_understood(wrong: dict[str, object]) -> None:
    good = {"name": "f", "from": "2026-06-01T00:00:00Z", "until": "2026-06-02T00:00:00Z"}
    assert Freeze.model_validate(good)
    with pytest.raises(ValidationError):
        Freeze.model_validate(good | wrong)
