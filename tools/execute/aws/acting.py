"""What the executors of servers send to AWS, each request under the id of its step, and errors as `ApiFailure`."""

from __future__ import annotations

from typing import Any

import botocore.exceptions as boto

from tools.collect.aws.session import Connection
from tools.errors import ApiFailure

CONFLICTS = (
    "InstanceRefreshInProgress",
    "ScalingActivityInProgress",
    "ResourceContention",
    "InstanceRefreshInProgressFault",
)
"""The codes of a refusal that another look may lift: somebody else's change was under way."""
FORBIDDEN = ("AccessDenied", "UnauthorizedOperation", "AccessDeniedException")
UNAUTHORIZED = ("ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "RequestExpired", "AuthFailure")
THROTTLED = ("Throttling", "ThrottlingException", "RequestLimitExceeded")


class Acting:
    """One account and region, for executors: reads, and writes that are sent once."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def read(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """Ask an operation that changes nothing (botocore's method name); its whole answer. Raises `ApiFailure`."""
        return self._send(self.connection.client(service), operation, parameters)

    def write(self, write_id: str, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """Send a request that changes something, once: nothing is tried again here, for most of AWS's calls know no
        token by which it would know them again. CloudTrail keeps `write_id` in the user agent. Raises `ApiFailure`."""
        client = self.connection.acting_client(service, write_id)
        return self._send(client, operation, parameters)

    def _send(self, client: Any, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = getattr(client, operation)(**parameters)
        except boto.ClientError as error:
            raise failure_of(operation, error) from error
        except boto.ReadTimeoutError as error:
            raise ApiFailure(
                0, "timeout", f"{operation}: no answer in time", str(error), "auditor resume looks first"
            ) from error
        except (boto.HTTPClientError, boto.ConnectionError) as error:
            raise ApiFailure(0, "unreachable", f"{operation}: the account can't be reached", str(error)) from error
        except boto.BotoCoreError as error:
            raise ApiFailure(
                0, "refused", f"{operation} could not be sent", str(error), "check the credentials"
            ) from error
        return answer


def failure_of(operation: str, error: boto.ClientError) -> ApiFailure:
    """AWS's refusal of a request, with its own code and words."""
    told, meta = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
    code, status = str(told.get("Code", "")), int(meta.get("HTTPStatusCode", 0) or 0)
    words = " ".join(str(told.get("Message", "")).split())[:300]
    kind = "server-error" if status >= 500 else "invalid"
    for known, codes in {
        "conflict": CONFLICTS,
        "forbidden": FORBIDDEN,
        "unauthorized": UNAUTHORIZED,
        "throttled": THROTTLED,
    }.items():
        kind = known if code in codes else kind
    mends = {
        "forbidden": "grant the acting role this action",
        "unauthorized": "renew the credentials",
        "throttled": "wait a moment",
    }
    return ApiFailure(status, kind, f"{operation}: {code}: {words}", mend=mends.get(kind, ""))
