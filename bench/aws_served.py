"""A generated fleet of servers in a process of its own, and what a client needs to read it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.aws_objects import ACCOUNT, REGION


@dataclass(frozen=True)
class Served:
    """Where it is, and what is planted: the ids of the stale instances, and for each other fault its groups."""

    endpoint: str
    planted: dict[str, list[str]]

    def environment(self, home: str) -> dict[str, str]:
        """The variables that make an AWS client read this endpoint, as a reader without any file of its own."""
        keys = {"AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": "none", "AWS_EC2_METADATA_DISABLED": "true"}
        files = {"HOME": home, "AWS_CONFIG_FILE": f"{home}/none", "AWS_SHARED_CREDENTIALS_FILE": f"{home}/none"}
        where = {"AWS_ENDPOINT_URL": self.endpoint, "AWS_DEFAULT_REGION": REGION, "AWS_ACCOUNT_ID": ACCOUNT}
        return {**keys, **files, **where, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


@contextmanager
def served(instances: int) -> Iterator[Served]:
    """So many instances behind an endpoint on loopback."""
    argv = [sys.executable, "-m", "bench.aws_fleet", str(instances)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        try:
            yield Served(told["endpoint"], told["planted"])
        finally:
            process.communicate(timeout=30)
