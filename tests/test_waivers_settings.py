"""`[[waivers]]` of auditor.toml: what is wrong in one is told with its line, and is never a wider waiver."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.settings import load_settings
from auditor.waivers.settings import waivers_of
from tools.errors import UsageError
from tools.model.waiver import Waiver

FINGERPRINT = 'fingerprint = "f-0123456789ab"'
CHECK = 'check = "image-pinned-by-digest"'
SUBJECT = 'subject = "Deployment/shop/*"'
OWNER = 'owner = "Bob"'
REASON = 'reason = "so"'
EXPIRES = "expires = 2027-03-31"
BY = (OWNER, REASON, EXPIRES)


def waivers(tmp_path: Path, *lines: str) -> tuple[Waiver, ...]:
    file = tmp_path / "auditor.toml"
    file.write_text("\n".join(["[[waivers]]", *lines]) + "\n")
    return waivers_of(load_settings(str(file)).waivers)


def faults(tmp_path: Path, *lines: str) -> str:
    with pytest.raises(UsageError) as caught:
        waivers(tmp_path, *lines)
    return caught.value.cause.replace(str(tmp_path / "auditor.toml"), "auditor.toml")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            (FINGERPRINT, 'resaon = "so"', *BY),
            "auditor.toml:3: waivers[0].resaon: Extra inputs are not permitted; did you mean 'reason'?",
        ),
        (
            ('check = "image-pined-by-digest"', SUBJECT, *BY),
            "auditor.toml:2: waivers[0].check: there is no check 'image-pined-by-digest'; "
            "did you mean 'image-pinned-by-digest'?",
        ),
        (('check = "zzz"', SUBJECT, *BY), "auditor.toml:2: waivers[0].check: there is no check 'zzz'"),
        ((FINGERPRINT, OWNER, REASON), "auditor.toml:1: waivers[0].expires: Field required"),
        ((FINGERPRINT, OWNER, EXPIRES), "auditor.toml:1: waivers[0].reason: Field required"),
        ((FINGERPRINT, REASON, EXPIRES), "auditor.toml:1: waivers[0].owner: Field required"),
        ((FINGERPRINT, 'owner = "  "', REASON, EXPIRES), "auditor.toml:3: waivers[0].owner: String should have at lea"),
        ((FINGERPRINT, OWNER, 'reason = ""', EXPIRES), "auditor.toml:4: waivers[0].reason: String should have at lea"),
        ((FINGERPRINT, CHECK, SUBJECT, *BY), "auditor.toml:1: waivers[0]: name a fingerprint, or a check and a su"),
        ((FINGERPRINT, SUBJECT, *BY), "not both"),
        ((CHECK, *BY), "auditor.toml:1: waivers[0]: name a finding's fingerprint, or a check and a subject"),
        ((SUBJECT, *BY), "name a finding's fingerprint, or a check and a subject"),
        (BY, "name a finding's fingerprint, or a check and a subject"),
        ((CHECK, 'subject = ""', *BY), "auditor.toml:3: waivers[0].subject: "),
        ((CHECK, SUBJECT, 'scope = ""', *BY), "auditor.toml:4: waivers[0].scope: "),
        (('fingerprint = "f-0123"', *BY), "auditor.toml:2: waivers[0].fingerprint: "),
        (('fingerprint = "f-*"', *BY), "auditor.toml:2: waivers[0].fingerprint: "),
        (
            (FINGERPRINT, *BY, "[[waivers]]", FINGERPRINT, *BY),
            "auditor.toml:6: waivers[1]: it waives what waivers[0] waives: keep one of them",
        ),
        (
            (CHECK, SUBJECT, *BY, "[[waivers]]", CHECK, SUBJECT, 'owner = "Eve"', REASON, "expires = 2030-01-01"),
            "auditor.toml:7: waivers[1]: it waives what waivers[0] waives",
        ),
        ((FINGERPRINT, OWNER, REASON, "expires = 2027-03-31T12:00:00"), "a local time needs its zone"),
        ((FINGERPRINT, OWNER, REASON, 'expires = "2027-03-31T12:00"'), "a local time needs its zone"),
        ((FINGERPRINT, OWNER, REASON, 'expires = "never"'), "auditor.toml:5: waivers[0].expires: "),
        ((FINGERPRINT, OWNER, REASON, "expires = 12:00:00"), "auditor.toml:5: waivers[0].expires: a date such as"),
        ((FINGERPRINT, OWNER, REASON, "expires = true"), "auditor.toml:5: waivers[0].expires: a date such as"),
        ((FINGERPRINT, OWNER, REASON, "expires = 1800000000"), "auditor.toml:5: waivers[0].expires: a date such as"),
        ((FINGERPRINT, OWNER, REASON, "expires = 9999-12-31"), "auditor.toml:5: waivers[0].expires: it is out of "),
        ((FINGERPRINT, OWNER, REASON, "expires = 9999-12-31T23:59:59-01:00"), "it is out of the range"),
        ((FINGERPRINT, OWNER, REASON, "expires = 0001-01-01T00:00:00+01:00"), "it is out of the range"),
    ],
)
def test_what_a_waiver_may_not_say(tmp_path: Path, lines: tuple[str, ...], said: str) -> None:
    assert said in faults(tmp_path, *lines)


@pytest.mark.parametrize(
    ("expires", "moment"),
    [
        ("2027-03-31", datetime(2027, 4, 1, tzinfo=UTC)),
        ('"2027-03-31"', datetime(2027, 4, 1, tzinfo=UTC)),
        ("2027-12-31", datetime(2028, 1, 1, tzinfo=UTC)),
        ("2027-03-31T12:00:00+02:00", datetime(2027, 3, 31, 10, tzinfo=UTC)),
        ('"2027-03-31T12:00:00Z"', datetime(2027, 3, 31, 12, tzinfo=UTC)),
        ("2001-01-01", datetime(2001, 1, 2, tzinfo=UTC)),  # the past is no mistake: the report says that it expired
    ],
)
def test_when_one_ends(tmp_path: Path, expires: str, moment: datetime) -> None:
    (one,) = waivers(tmp_path, FINGERPRINT, OWNER, REASON, f"expires = {expires}")
    assert one.expires == moment


def test_alike_in_another_scope_or_on_another_subject_is_no_repetition(tmp_path: Path) -> None:
    found = waivers(
        tmp_path,
        *(CHECK, SUBJECT, *BY, "[[waivers]]", CHECK, SUBJECT, 'scope = "prod"', *BY),
        *("[[waivers]]", CHECK, 'subject = "*"', *BY),
    )
    assert len({one.id for one in found}) == 3
