"""What is read of AWS: one value for each API operation, which reading, recordings, gaps and the reader's
policy share."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")


class Operation(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One operation that is read.

    `service` is botocore's name (`ec2`), `name` the API's (`DescribeInstances`). `items` is the path of the things in
    an answer, with `[]` for each list (`Reservations[].Instances[]`; empty: the answer itself), `type` the Struct that
    each is decoded to. `nouns` are the domain's nouns that suffer where it can't be read (`Instance`), `kind` the kind
    of them that alone does (`scan` of attestations; empty: all), `required` says
    whether its absence is exit code 3 (what an ordinary reader account can see), `parameters` are sent with every call.
    `each` says that it is asked for things that another answer named, and not as a whole: a function `ask(answers)` of
    `ASKED` (`asking.py`, `reads_acts.py`, …; all of them in `operations.py`) makes the parameters of each of its calls
    from what was answered before, and `live` sends them with `parameters`. An answer whose items are the answer itself
    is given those that it does not repeat, under their names. `about` names the parameter that says what a call was
    about, where that is one thing (`AutoScalingGroupName`), for its gap. `rate` is how many requests a second the API
    allows, where it is so few that one has to wait for it, and `most` how many pages of a call are then waited for (0:
    all). `actions` are the IAM actions that it needs where they are
    not `service:Name`.
    """

    service: str
    name: str
    items: str
    type: type[T]
    nouns: tuple[str, ...]
    kind: str = ""
    required: bool = False
    parameters: dict[str, Any] = {}
    each: bool = False
    about: str = ""
    rate: float = 0
    most: int = 0
    actions: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What it goes by: `ec2.DescribeInstances`."""
        return f"{self.service}.{self.name}"
