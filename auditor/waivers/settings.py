"""`[[waivers]]` of auditor.toml: what is accepted, by whom, why, and until when. A mistake in one is an error of the
settings, never a wider waiver."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from auditor.settings_errors import Misplaced
from tools.model.waiver import Waiver, named


def _instant(value: Any) -> datetime:
    """The moment from which a waiver holds no more, in UTC: a date ends at its end there."""
    try:
        if isinstance(value, str):
            value = date.fromisoformat(value) if len(value) <= len("2027-03-31") else datetime.fromisoformat(value)
        if isinstance(value, datetime):
            if value.tzinfo is None:
                raise ValueError("a local time needs its zone, such as 2027-03-31T12:00:00Z")
            return value.astimezone(UTC)
        if isinstance(value, date):
            return datetime.combine(value, time(), UTC) + timedelta(days=1)
    except OverflowError as error:
        raise ValueError("it is out of the range of dates") from error
    raise ValueError("a date such as 2027-03-31, which ends at its end in UTC, or a time with its zone")


def _known(check: str) -> str:
    from tools.catalogue import discover

    known = [one.id for one in discover()]
    if check not in known:
        near = get_close_matches(check, known, 1, 0.5)
        raise ValueError(f"there is no check {check!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    return check


def _each_once(waivers: list[WaiverSettings]) -> list[WaiverSettings]:
    first: dict[tuple[str, ...], int] = {}
    for number, one in enumerate(waivers):
        place = first.setdefault((one.fingerprint, one.check, one.subject, one.scope), number)
        if place != number:
            raise Misplaced((number,), f"it waives what waivers[{place}] waives: keep one of them")
    return waivers


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class WaiverSettings(BaseModel):
    """One of `[[waivers]]`: a finding's `fingerprint`, or a `check` and the `subject` as reports show it
    (`Kind/namespace/name`; `*` stands for any text), in the `scope` of that name or id; who answers for it, why, and
    until when: a time with its zone, or a date, which ends at its end in UTC."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fingerprint: Annotated[str, StringConstraints(pattern=r"^f-[0-9a-f]{12}$")] = ""
    check: Annotated[str, AfterValidator(_known)] = ""
    subject: Text = Field(default="")
    scope: Text = "*"
    owner: Text
    reason: Text
    expires: Annotated[datetime, BeforeValidator(_instant)]

    @model_validator(mode="after")
    def _names_one_thing(self) -> Self:
        if self.fingerprint and (self.check or self.subject):
            raise ValueError("name a fingerprint, or a check and a subject, not both")
        if not self.fingerprint and not (self.check and self.subject):
            raise ValueError("name a finding's fingerprint, or a check and a subject ('*' stands for any)")
        return self


Waivers = Annotated[list[WaiverSettings], AfterValidator(_each_once)]


def waivers_of(configured: Sequence[WaiverSettings]) -> tuple[Waiver, ...]:
    """The waivers that the settings name, with their ids."""
    return tuple(named(Waiver(**one.model_dump())) for one in configured)
