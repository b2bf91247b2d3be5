"""What one scope's collection could not see, as gaps: from calls that failed and answers that a recording lacks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import msgspec

from tools.collect.aws.answers import Answers, Failure
from tools.collect.aws.operation import Operation
from tools.collect.aws.operations import BY_KEY, OPERATIONS
from tools.collect.aws.policy import actions_of
from tools.model.observation import Gap

FORBIDDEN = (
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "UnauthorizedAccess",
    "AuthFailure",
    "AuthorizationError",
    "Blocked",
    "OptInRequired",
    "SubscriptionRequiredException",
)
UNAUTHORIZED = (
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "MissingAuthenticationToken",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "NoCredentialsError",
    "CredentialRetrievalError",
    "TokenRetrievalError",
)
THROTTLED = (
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "SlowDown",
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "PriorRequestNotComplete",
)
UNSUPPORTED = (
    "HTML",
    "HTTP 404",
    "HTTP 405",
    "HTTP 500",
    "HTTP 501",
    "InvalidAction",
    "InvalidAction.NotFound",
    "UnknownOperationException",
    "UnsupportedOperation",
    "UnsupportedOperationException",
    "NotImplemented",
    "NotImplementedException",
)
GONE = ("ValidationError", "ValidationException", "ResourceNotFoundException", "DoesNotExist")
"""What is answered where the one thing that a call was about is not there any more. (EC2 says `Invalid….NotFound`.)"""
_MENDS = {
    "unauthorized": "renew the credentials; aws sts get-caller-identity shows whether they hold",
    "throttled": "try again later, or raise `max_attempts` of [aws] in auditor.toml",
    "timeout": "try again, or raise `timeout` in auditor.toml",
    "unreachable": "try again; check the network, the proxy and the endpoint",
    "unsupported": "what answers does not know this operation, or is not AWS: check the endpoint and the proxy",
    "gone": "look again: it may have been deleted between two calls",
}


def code_of(failure: Failure) -> str:
    """A failure's reason in machine form, in the words that gaps of other sources use too."""
    code = failure.code
    for known, names in {
        "forbidden": FORBIDDEN,
        "unauthorized": UNAUTHORIZED,
        "throttled": THROTTLED,
        "unsupported": UNSUPPORTED,
    }.items():
        if code in names:
            return known
    if failure.about and (code in GONE or code.endswith((".NotFound", "NotFoundException"))):
        return "gone"
    return code.lower().replace(" ", "-").replace("_", "-")


def of_failures(answers: Answers) -> Iterator[Gap]:
    """A gap for each noun of an operation that gave no whole answer. Calls of one operation that failed alike are one
    gap, which names the first things and counts all."""
    alike: dict[tuple[str, str, str], list[Failure]] = defaultdict(list)
    for failure in answers.failures:
        alike[failure.operation, code_of(failure), failure.code].append(failure)
    for (key, code, original), failures in sorted(alike.items()):
        operation = BY_KEY.get(key)
        if operation is None:
            yield _gap(answers.scope, "", code, _told(key, original, failures), failures[0].mend, len(failures), False)
            continue
        told = _told(f"{operation.service} {operation.name}", original, failures)
        mend = failures[0].mend or _mend(operation, code, failures[0].reason)
        count = len({failure.about for failure in failures if failure.about})
        for noun in operation.nouns or ("",):
            gap = _gap(answers.scope, noun, code, told, mend, count, operation.required)
            yield msgspec.structs.replace(gap, kind=operation.kind)


def not_recorded(answers: Answers, held: Iterable[str]) -> Iterator[Gap]:
    """An operation that a recording holds no answer of: nobody knows what there was."""
    known = set(held)
    for operation in OPERATIONS:
        if operation.key in known:
            continue
        command = f"aws {operation.service} {_dashed(operation.name)}"
        for noun in operation.nouns or ("",):
            yield Gap(
                scope=answers.scope,
                noun=noun,
                kind=operation.kind,
                code="not-recorded",
                required=operation.required,
                reason=f"the recording holds no answer of {operation.service} {operation.name}",
                mend=f"record {command} too",
            )


def _gap(scope: str, noun: str, code: str, reason: str, mend: str, count: int, required: bool) -> Gap:
    return Gap(scope=scope, noun=noun, code=code, reason=reason, mend=mend, count=count, required=required)


def _told(name: str, original: str, failures: list[Failure]) -> str:
    first = failures[0]
    things = sorted({failure.about for failure in failures if failure.about})
    about = f" of {', '.join(things[:3])}{f' and {len(things) - 3} more' if len(things) > 3 else ''}" if things else ""
    words = f" ({first.reason})" if first.reason else ""
    more = f", and {len(failures) - 1} more like it" if len(failures) > 1 and len(things) < 2 else ""
    return f"{name}{about} was not read to the end: {original}{words}{more}"


def _mend(operation: Operation[object], code: str, reason: str) -> str:
    if code == "forbidden":
        if "service control policy" in reason:
            return "a service control policy of the organization denies it: ask those who keep it"
        return f"allow {', '.join(actions_of(operation))} (deploy/aws/reader-policy.json)"
    return _MENDS.get(code, "")


def _dashed(name: str) -> str:
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("-")
