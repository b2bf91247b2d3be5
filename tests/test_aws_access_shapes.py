"""What is read of access and attestations: every name is the API's, and so is every parameter; recorded answers."""

import json
import typing
from pathlib import Path
from typing import Any

import botocore.session
import msgspec
import pytest

from tests import test_aws_access as doors
from tests import test_aws_iam as iam
from tests import test_aws_said as said
from tests.aws_shapes import faults
from tools.collect.aws.items import decoded
from tools.collect.aws.operation import Operation
from tools.collect.aws.reads_access import ACCESS, AUTHORIZATION, MANAGED, SECURITY_GROUPS
from tools.collect.aws.reads_said import BUILDS, BUILT, COVERAGE, FINDINGS, SAID

SESSION = botocore.session.get_session()
OPERATIONS = [*ACCESS, *SAID]
RECORDED = Path(__file__).parent / "data" / "aws" / "cloud-custodian"


def model_of(operation: Operation[Any]) -> Any:
    return SESSION.get_service_model(operation.service).operation_model(operation.name)


def shape_of(operation: Operation[Any]) -> Any:
    """The shape of one item of an operation's answer."""
    shape = model_of(operation).output_shape
    for step in filter(None, operation.items.split(".")):
        shape = shape.members[step.removesuffix("[]")]
        shape = shape.member if step.endswith("[]") else shape
    return shape


def structs(kind: Any) -> list[Any]:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return [kind]
    return [found for inner in typing.get_args(kind) for found in structs(inner)]


def unknown(kind: Any, shape: Any) -> list[str]:
    """The fields of a Struct, and of those in it, that the API does not have."""
    found = []
    hints = typing.get_type_hints(kind)
    for field in msgspec.structs.fields(kind):
        inner = shape.members.get(field.encode_name)
        if inner is None:
            found.append(f"{kind.__name__}.{field.encode_name}")
            continue
        inner = inner.member if inner.type_name == "list" else inner
        found += [name for struct in structs(hints[field.name]) for name in unknown(struct, inner)]
    return found


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.key)
def test_every_name_is_the_apis(operation: Operation[Any]) -> None:
    assert unknown(operation.type, shape_of(operation)) == []


def test_a_name_that_the_api_has_not_is_found() -> None:
    class Wrong(msgspec.Struct, rename="camel"):
        image_arn: str = ""

    assert unknown(Wrong, shape_of(BUILDS)) == ["Wrong.imageArn"]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.key)
def test_every_parameter_is_the_apis(operation: Operation[Any]) -> None:
    shape = model_of(operation).input_shape
    asked = {operation.about: "x"} if operation.about else {}
    assert list(faults({**operation.parameters, **asked}, shape)) == []


SAMPLES: list[tuple[Operation[Any], dict[str, Any]]] = [
    *((SECURITY_GROUPS, doors.group(rule)) for rule, _ in doors.RULES.values()),
    (MANAGED, doors.managed()),
    (AUTHORIZATION, doors.page(doors.allow("ssm:*"))),
    *((AUTHORIZATION, lists) for lists, _, _ in iam.TABLE.values()),
    *((AUTHORIZATION, {"RoleDetailList": [iam.role(trust=trust)]}) for trust, _ in iam.TRUST.values()),
    (BUILDS, said.build(tags={"commit": said.COMMIT})),
    (BUILT, said.built("COMPLETED")),
    (COVERAGE, said.covered()),
    (FINDINGS, said.finding("CRITICAL", "PARTIAL")),
]


def test_the_samples_are_what_the_api_answers() -> None:
    found = [
        f"{operation.key}{fault}"
        for operation, sample in SAMPLES
        for fault in faults(_encoded(sample), shape_of(operation))
        if not fault.endswith("is no timestamp")
    ]
    assert found == []


def _encoded(value: Any, key: str = "") -> Any:
    """A sample as the API writes it: documents of policies as text (botocore and the CLI decode them)."""
    if key in ("PolicyDocument", "Document", "AssumeRolePolicyDocument") and isinstance(value, dict):
        return json.dumps(value)
    if isinstance(value, dict):
        return {name: _encoded(inner, name) for name, inner in value.items()}
    return [_encoded(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("operation", "place", "count"),
    [
        (SECURITY_GROUPS, "test_valid_asg_with_launch_templates/ec2.DescribeSecurityGroups_1.json", 1),
        (MANAGED, "test_ssm_get_managed_instances/ssm.DescribeInstanceInformation_1.json", 1),
    ],
)
def test_answers_that_the_real_aws_gave_are_read(operation: Operation[Any], place: str, count: int) -> None:
    answer = json.loads((RECORDED / place).read_text(), object_hook=_dated)["data"]
    found, failures = decoded(operation, answer)
    assert failures == []
    assert len(found) == count


def _dated(value: dict[str, Any]) -> Any:
    """Placebo's times as text."""
    if value.get("__class__") != "datetime":
        return value
    return "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z".format(**value)
