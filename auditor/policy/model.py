"""`[policy]` of auditor.toml: rules, of which the first that matches decides, and the windows and freezes they keep.

The first rule that matches a step decides. A mistake in any of it is an error of the settings, never a wider policy.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from auditor.policy.windows import instant, minutes_of, zone
from tools.model.action import ActionKind

Mode = Literal["forbidden", "propose", "one-approver", "two-approvers", "unattended"]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def _share(value: object) -> object:
    """A share ("25%") or a number, as text; what is neither is refused."""
    text = str(value)
    number = text.removesuffix("%")
    whole = isinstance(value, (int, str)) and not isinstance(value, bool) and number.isascii() and number.isdigit()
    if not whole or (text.endswith("%") and int(number) > 100):
        raise ValueError('a number, or a share such as "25%"')
    return text


def _zone(name: str) -> str:
    zone(name)
    return name


def _clock(text: str) -> str:
    minutes_of(text)
    return text


Share = Annotated[str, BeforeValidator(_share)]
Zone = Annotated[str, AfterValidator(_zone)]
Clock = Annotated[str, AfterValidator(_clock)]
Count = Annotated[int, Field(ge=0, strict=True)]


class Rule(BaseModel):
    """One of `[[policy.rules]]`: which scopes (name or id), actions and subjects (`Kind/namespace/name`) it is about
    (`*` stands for any text), and what holds for them. `per_hour` and `per_workload_per_hour` count acts;
    `max_instances` and `max_hosts` bound what one plan touches; `windows` name when it may be
    carried out (none: at any time)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scope: str = "*"
    actions: list[ActionKind] = []
    subject: str = "*"
    mode: Mode
    approvers: list[str] = []
    per_hour: Count | None = None
    per_workload_per_hour: Count | None = None
    max_instances: Share | None = None
    max_hosts: Share | None = None
    windows: list[str] = []

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        if self.mode == "two-approvers" and len(set(self.approvers)) == 1:
            raise ValueError("two approvers are needed, and one alone is named")
        return self


class Window(BaseModel):
    """One of `[[policy.windows]]`: the days and the wall-clock times (`from` inclusive, `to` exclusive, over midnight
    where it is the earlier one) at which it is open, in its time zone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    days: list[Day] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    begins: Clock = Field(default="00:00", alias="from")
    ends: Clock = Field(default="24:00", alias="to")
    time_zone: Zone

    @model_validator(mode="after")
    def _opens(self) -> Self:
        if not self.days or minutes_of(self.begins) in (minutes_of(self.ends), 24 * 60):
            raise ValueError(f"the window {self.name} never opens")
        return self


class Freeze(BaseModel):
    """One of `[[policy.freezes]]`: nothing is carried out from one time (inclusive) until another (exclusive). Times
    with an offset stand for themselves; local ones need the time zone, and where a clock change makes one ambiguous,
    the freeze is the longer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    begins: datetime = Field(alias="from")
    ends: datetime = Field(alias="until")
    time_zone: Zone | None = None
    reason: str = ""

    @model_validator(mode="after")
    def _is_an_interval(self) -> Self:
        if self.time_zone is None and None in (self.begins.tzinfo, self.ends.tzinfo):
            raise ValueError("a local time needs a time_zone")
        if self.first >= self.last:
            raise ValueError(f"the freeze {self.name} ends before it begins")
        return self

    @property
    def first(self) -> datetime:
        """When it begins, in UTC."""
        return instant(self.begins, self.time_zone, latest=False)

    @property
    def last(self) -> datetime:
        """When it ends, in UTC."""
        return instant(self.ends, self.time_zone, latest=True)


class Stop(BaseModel):
    """One of `[[policy.stops]]`: what stops everything in a scope. `verification-failed` stands for `for_hours` after
    the failure, `hosts-drifting-alike` from `at` hosts of one pool with the same drift, `cluster-unhealthy` from a
    `share` of hosts or of instances that are not ready. `until` says what ends it: `lifted` by a person of `lifted_by`
    (of hosts that drift alike always, unless said), or already when it is `gone`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    when: Literal["verification-failed", "hosts-drifting-alike", "cluster-unhealthy"]
    for_hours: int = Field(default=24, ge=1, le=24 * 366)
    at: int = Field(default=3, ge=1)
    share: Share = "25%"
    until: Literal["lifted", "gone"] | None = None
    lifted_by: list[str] = []

    @property
    def limit(self) -> float:
        """From which size of its cause it holds: hosts, or percent."""
        return float(self.share.removesuffix("%")) if self.when == "cluster-unhealthy" else self.at

    @property
    def stays(self) -> bool:
        """Whether it holds until a person lifts it, also where its cause is gone or its hours are over."""
        return self.until == "lifted" or (self.until is None and self.when == "hosts-drifting-alike")

    @model_validator(mode="after")
    def _says_its_own(self) -> Self:
        own = {"verification-failed": "for_hours", "hosts-drifting-alike": "at", "cluster-unhealthy": "share"}
        other = self.model_fields_set - {"when", "until", "lifted_by", own[self.when]}
        if other:
            raise ValueError(f"{self.when} takes {own[self.when]}, not {', '.join(sorted(other))}")
        if not self.share.endswith("%"):
            raise ValueError('share is one such as "25%"')
        if self.when == "verification-failed" and self.until == "gone":
            raise ValueError("a failed verification is never gone: leave `until` out, and for_hours bounds it")
        if self.when == "verification-failed" and self.until and "for_hours" in self.model_fields_set:
            raise ValueError('until = "lifted" has no for_hours: say one of them')
        return self


class Policy(BaseModel):
    """`[policy]`. Where no rule matches, an action is proposed and no more."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: list[Rule] = []
    windows: list[Window] = []
    freezes: list[Freeze] = []
    stops: list[Stop] = []

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        names = [window.name for window in self.windows]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two windows are named {', '.join(twice)}")
        for number, rule in enumerate(self.rules):
            for name in rule.windows:
                if name not in names:
                    raise ValueError(f"rules[{number}].windows: no window is named {name!r}")
        return self
