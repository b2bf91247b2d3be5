"""An embedded AWS: moto's server on the loopback, with what it lacks added and what it tells wrongly corrected.

    with embedded_aws.serve() as aws:
        ec2 = boto3.client("ec2", **aws.client())

It stands alone: nothing here knows the auditor, and nothing outside of it imports moto. `server` runs it, `front` takes
each request first (`wire` reads and writes it by botocore's service models): what is added answers there (`ec2`, `ssm`,
`refreshes`, …), the rest goes on to moto, and what changes anything is written into the `trail`. `corrections` puts a
group in moto's place (`groups`) whose `members` know what they were launched from; `refresh` is the state machine of an
instance refresh. `world` holds what moto does not, and its clock, which a test may hold.
"""

from __future__ import annotations

from auditor.embedded_aws.clock import HandClock, RealClock
from auditor.embedded_aws.server import EmbeddedAws, serve

__all__ = ["EmbeddedAws", "HandClock", "RealClock", "serve"]
