"""What names an account and region, and how it is asked."""

from __future__ import annotations

import msgspec


class Options(msgspec.Struct, frozen=True):
    """`profile` and `region` are of the command line (empty: boto3's default); `role` is an ARN to assume with them,
    `external_id` goes with it; `endpoint` is where AWS answers if not at its own addresses. `attempts` bounds how often
    a request is sent, `timeout` how long an answer may take, in seconds. `paced` keeps to the rates of operations that
    have one (an endpoint of one's own knows none). `statements` are files or folders that say something of images:
    envelopes and Packer's manifests."""

    profile: str = ""
    region: str = ""
    role: str = ""
    external_id: str = ""
    endpoint: str = ""
    attempts: int = 5
    timeout: float = 30.0
    paced: bool = True
    statements: tuple[str, ...] = ()
