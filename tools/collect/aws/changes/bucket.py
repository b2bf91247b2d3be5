"""A trail's files as they lie in its bucket: `s3://BUCKET/PREFIX`, object by object."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from tools.collect.aws.changes.bytes_of import BLOCK
from tools.model.times import parsed

_PLACE = re.compile(r"s3:/+([^/]+)/*(.*)", re.DOTALL)
_DAY = re.compile(r"/(\d{4})/(\d{2})/(\d{2})/[^/]+\Z")
DAY = timedelta(days=1)


def place_of(path: str) -> tuple[str, str] | None:
    """The bucket and the prefix that a path names; None for one of this machine."""
    found = _PLACE.fullmatch(path)
    return (found[1], found[2]) if found else None


def objects(client: Any, bucket: str, prefix: str, since: str, until: str) -> Iterator[tuple[str, Iterator[bytes]]]:
    """The log files and digests below a prefix with their bytes, by name; those of days outside of an interval that is
    declared are left out. Raises `OSError` where the bucket can't be listed, or an object can't be read."""
    import botocore.exceptions as boto

    begin, end = parsed(since), parsed(until)
    try:
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for one in page.get("Contents", ()):
                key = str(one["Key"])
                if ".json" in key and _within(key, begin, end):
                    yield key.rpartition("/")[2], _bytes(client, bucket, key)
    except (boto.ClientError, boto.BotoCoreError) as error:
        raise OSError(0, " ".join(str(error).split())[:300]) from error


def _bytes(client: Any, bucket: str, key: str) -> Iterator[bytes]:
    import botocore.exceptions as boto

    try:
        yield from client.get_object(Bucket=bucket, Key=key)["Body"].iter_chunks(BLOCK)
    except (boto.ClientError, boto.BotoCoreError) as error:
        raise OSError(0, " ".join(str(error).split())[:300]) from error


def _within(key: str, begin: datetime | None, end: datetime | None) -> bool:
    """Whether an object may be of an interval, by the day in its key: a file is delivered a little after its events."""
    found = _DAY.search(key)
    day = parsed(f"{found[1]}-{found[2]}-{found[3]}T00:00:00Z") if found else None
    if day is None:
        return True
    return (begin is None or day + DAY > begin) and (end is None or day <= end + DAY)
