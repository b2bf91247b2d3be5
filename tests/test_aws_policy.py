"""The reader's policy allows what a collection really asks, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import botocore.session
import pytest

from tests.aws_reading import Shop, furnished
from tools.collect.aws.operations import OPERATIONS
from tools.collect.aws.policy import reader_policy, text

FILE = Path(__file__).parents[1] / "deploy/aws/reader-policy.json"
FREE = {"sts:GetCallerIdentity"}
"""What needs no permission (docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html)."""
READING = ("Describe", "Get", "List", "Lookup", "BatchGet")


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with furnished() as made:
        yield made


def allowed() -> set[str]:
    statements = json.loads(FILE.read_text(encoding="utf-8"))["Statement"]
    return {action for statement in statements for action in statement["Action"]}


def test_the_calls_on_the_wire_are_the_actions_of_the_policy(shop: Shop) -> None:
    shop.facts()
    asked = {key.replace(".", ":") for key in shop.proxy.asked} - FREE
    assert asked - allowed() == set(), "asked, and not allowed"
    assert allowed() - asked == set(), "allowed, and never asked"


def test_the_file_is_what_the_operations_say() -> None:
    assert FILE.read_text(encoding="utf-8") == text()


def test_no_action_writes() -> None:
    assert all(action.partition(":")[2].startswith(READING) for action in allowed())


def test_a_policy_of_fewer_operations_has_fewer_actions() -> None:
    fewer = reader_policy(OPERATIONS[1:])
    left = {action for statement in fewer["Statement"] for action in statement["Action"]}
    assert allowed() - left == {OPERATIONS[0].key.replace(".", ":")}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.key)
def test_an_operation_is_the_api_s_own(operation: object) -> None:
    """Its service, name, items and parameters are in botocore's model of the service."""
    model = botocore.session.Session().get_service_model(operation.service)  # type: ignore[attr-defined]
    shape = model.operation_model(operation.name)  # type: ignore[attr-defined]
    at = shape.output_shape
    for step in filter(None, operation.items.split(".")):  # type: ignore[attr-defined]
        at = at.members[step.removesuffix("[]")]
        at = at.member if step.endswith("[]") else at
    assert set(operation.parameters) <= set(shape.input_shape.members)  # type: ignore[attr-defined]
    assert not operation.about or operation.about in shape.input_shape.members  # type: ignore[attr-defined]
