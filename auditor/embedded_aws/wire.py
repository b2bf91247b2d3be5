"""Requests and answers by botocore's service models, read and written with moto's parsers and serializers."""

from __future__ import annotations

from typing import Any

from moto.core import responses
from moto.core.request import Request
from moto.core.responses import ActionResult, BaseResponse

from auditor.embedded_aws.call import Refused

Reply = tuple[int, dict[str, str], bytes]
_responses: Any = responses  # which hands on botocore's error


class Wire(BaseResponse):
    """A request to a service, of which moto may know nothing but botocore's model. `action` is the operation's name,
    empty where the model has no such operation."""

    def __init__(self, service: str, environ: dict[str, Any]) -> None:
        super().__init__(service_name=service)
        self.automated_parameter_parsing = True
        self.params: dict[str, Any] = {}
        try:
            self.setup_class(Request(environ))
            self.action = str(self._get_action() or "")
        except _responses.OperationNotFoundError:
            self.action = ""

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters with the model's names."""
        return {**self.params, **self.uri_match}

    def answer(self, result: dict[str, Any]) -> Reply:
        """An answer with this content."""
        return self._reply(result)

    def refusal(self, error: Refused) -> Reply:
        """An error answer."""
        return self._reply(error)

    def _reply(self, result: object) -> Reply:
        status, headers, body = self.serialized(ActionResult(result))
        return int(status), {k: str(v) for k, v in headers.items()}, body.encode() if isinstance(body, str) else body


def service_of(environ: dict[str, Any]) -> str:
    """The service that a request is signed for, botocore's name; empty where it is not signed."""
    try:
        return str(environ["HTTP_AUTHORIZATION"].split(",")[0].split()[1].split("/")[3])
    except (KeyError, IndexError):
        return ""
