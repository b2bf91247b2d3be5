"""Everything that is read of AWS, in order, and what the operations for `each` thing are asked."""

from __future__ import annotations

from typing import Any

from tools.collect.aws import asking, reads_acts, reads_said
from tools.collect.aws.asking import Ask
from tools.collect.aws.operation import Operation
from tools.collect.aws.reads_access import ACCESS
from tools.collect.aws.reads_acts import ACTS
from tools.collect.aws.reads_compute import COMPUTE
from tools.collect.aws.reads_said import FILES, SAID

OPERATIONS: tuple[Operation[Any], ...] = (*COMPUTE, *SAID, *ACTS, *ACCESS)
"""What is asked of AWS."""
ASKED: dict[str, Ask] = {
    **asking.ASKED,
    **reads_acts.ASKED,
    reads_said.BUILT.key: reads_said.asked_of_builds,
}
"""The calls of each operation that is asked for `each` thing."""
BY_KEY: dict[str, Operation[Any]] = {operation.key: operation for operation in (*OPERATIONS, *FILES)}
"""What a recording may hold, by its key; files that are no answer of AWS are among it."""
