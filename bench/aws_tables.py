"""What a server of answers holds: a table for each list operation, asked by ids, filters and pages as the API is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bench import aws_wire as wire
from bench.aws_objects import Object

Way = Callable[[Object], list[str]]


class Refused(Exception):
    """An error of the API: its code and its message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def at(path: str) -> Way:
    """The texts at a path of an object; `[]` stands for each of a list (`Attachments[].InstanceId`)."""
    steps = path.split(".")

    def texts(one: Object) -> list[str]:
        found: list[Any] = [one]
        for step in steps:
            found = [each[step.removesuffix("[]")] for each in found if step.removesuffix("[]") in each]
            if step.endswith("[]"):
                found = [each for many in found for each in many]
        return [str(each).lower() if isinstance(each, bool) else str(each) for each in found]

    return texts


def tagged(key: str) -> Way:
    """The value of an object's tag."""
    return lambda one: [str(tag["Value"]) for tag in one.get("Tags", ()) if tag["Key"] == key]


@dataclass
class Table:
    """The items of one operation's list `member`, `limit` to a page and at most.

    `by` says what a parameter of the request is compared with; one that names what is not there is an error with
    the code `absent`, where there is one. `filters` is the same for `Filters`. `inner` is the list inside an item
    that is filtered rather than the item (`Instances` of a reservation), and that counts for the page.
    """

    service: str
    operation: str
    member: str
    items: list[Object]
    limit: int = 1000
    by: dict[str, Way] = field(default_factory=dict)
    filters: dict[str, Way] = field(default_factory=dict)
    absent: str = ""
    inner: str = ""
    _written: dict[int, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What it goes by: `ec2.DescribeInstances`."""
        return f"{self.service}.{self.operation}"

    def answer(self, asked: Object) -> Object:
        """One page of what was asked for."""
        wishes = list(self._wishes(asked))
        limit = min(int(asked.get("MaxResults") or asked.get("MaxRecords") or self.limit), self.limit)
        start, page, weight = int(asked.get("NextToken") or 0), [], 0
        index = start
        while index < len(self.items):
            found, count = self._chosen(index, wishes)
            if count and weight + count > limit:
                break
            if count:
                page.append(found)
                weight += count
            index += 1
        more = {"NextToken": str(index)} if index < len(self.items) else {}
        return {self.member: page, **more}

    def _wishes(self, asked: Object) -> Iterator[tuple[Way, set[str]]]:
        inside = [one for item in self.items for one in (item[self.inner] if self.inner else [item])]
        for name, way in self.by.items():
            if not asked.get(name):
                continue
            wanted = {asked[name]} if isinstance(asked[name], str) else set(map(str, asked[name]))
            missing = wanted - {text for one in inside for text in way(one)} if self.absent else set()
            if missing:
                raise Refused(self.absent, f"The id(s) '{', '.join(sorted(missing))}' do not exist")
            yield way, wanted
        for one in asked.get("Filters") or ():
            tag = one["Name"].removeprefix("tag:")
            if tag != one["Name"]:
                yield tagged(tag), set(one["Values"])
            elif one["Name"] not in self.filters:
                raise Refused("InvalidParameterValue", f"The filter '{one['Name']}' is invalid")
            else:
                yield self.filters[one["Name"]], set(one["Values"])

    def _chosen(self, index: int, wishes: list[tuple[Way, set[str]]]) -> tuple[Any, int]:
        """The item, or what of it is wished for, as it stands in the answer; and for how many it counts."""
        item = self.items[index]
        inside = item[self.inner] if self.inner else [item]
        kept = [one for one in inside if all(wanted.intersection(way(one)) for way, wanted in wishes)]
        if not kept:
            return None, 0
        if len(kept) < len(inside):
            return wire.written(self.service, self.operation, self.member, {**item, self.inner: kept}), len(kept)
        if index not in self._written:
            self._written[index] = wire.written(self.service, self.operation, self.member, item)
        return self._written[index], len(kept)
