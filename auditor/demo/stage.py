"""What the demonstration plays on, for as long as a `with` lasts: the embedded AWS with its fleet, the recorded
cluster, three principals, and a folder with the settings and the store. Afterwards nothing of it is left."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import msgspec

from auditor import embedded_aws
from auditor.demo import RECORDING
from auditor.demo.clock import StoryClock
from auditor.demo.cluster import join
from auditor.demo.fleet import DAYS, Fleet, furnish
from auditor.demo.surroundings import alone, as_caller, ending_well
from auditor.embedded_aws import EmbeddedAws
from auditor.embedded_aws.principals import Principal

BOOT = 1.5
"""Seconds from a server's launch to its service, which take minutes elsewhere: the one thing that is hurried."""
SETTINGS = """
[aws]
paced = false

[[actors]]
kind = "pipeline"
user = "arn:aws:iam::*:role/deploy"

[[approvers]]
name = "alice"
users = ["arn:aws:iam::{account}:user/alice"]

[[policy.rules]]
mode = "one-approver"
"""


class Stage(msgspec.Struct, frozen=True):
    """`sources` are the recorded cluster and the account, `config` and `store` files in the folder; `reader`,
    `approver` and `actor` the principals who look, who approves, and who acts."""

    aws: EmbeddedAws
    fleet: Fleet
    sources: list[str]
    config: str
    store: str
    reader: Principal
    approver: Principal
    actor: Principal

    def called_by(self, who: Principal) -> AbstractContextManager[None]:
        """Call AWS as one of them."""
        return as_caller(self.aws.environment(who))


@contextmanager
def staged() -> Iterator[Stage]:
    """Make it. Raises `AuditorError` where moto is not installed."""
    clock = StoryClock(DAYS)
    with (
        ending_well(),
        tempfile.TemporaryDirectory(prefix="auditor-demo-") as made,
        alone(Path(made)),
        embedded_aws.serve(clock, boot_seconds=BOOT, seed=7) as aws,
    ):
        folder = Path(made)
        fleet = furnish(aws, clock)
        config = folder / "auditor.toml"
        own = (RECORDING / "auditor.toml").read_text(encoding="utf-8")
        config.write_text(own + SETTINGS.format(account=aws.account), encoding="utf-8")
        yield Stage(
            aws=aws,
            fleet=fleet,
            sources=[str(join(fleet, folder)), "aws:"],
            config=str(config),
            store=str(folder / "store.db"),
            reader=aws.role("auditor-reader", "audit"),
            approver=aws.person("alice"),
            actor=aws.role("auditor-actor", "execute"),
        )
