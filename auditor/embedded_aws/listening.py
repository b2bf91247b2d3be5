"""moto's threaded server with the front before it, and the corrections in force while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto import backends
from moto.moto_api._internal import mock_random
from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server import threaded_moto_server
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app

from auditor.embedded_aws import (  # noqa: F401 - each adds its operations
    codedeploy,
    connect,
    ec2,
    identity,
    imagebuilder,
    inspector,
    lifecycle,
    refreshes,
    sessions,
    ssm,
    state_manager,
)
from auditor.embedded_aws.corrections import corrected
from auditor.embedded_aws.front import Front

_threaded: Any = threaded_moto_server


class _Quiet(MotoRequestHandler):
    """Writes no line for each request."""

    def log(self, *_: Any) -> None:
        """Nothing."""


class _Server(ThreadedMotoServer):
    def _server_entry(self) -> None:
        application = Front(DomainDispatcherApplication(create_backend_app))
        self._server = _threaded.make_server(self._ip_address, self._port, application, True, request_handler=_Quiet)
        self._server_ready_event.set()
        self._server.serve_forever()

    def close(self) -> None:
        """Stop, and give the port back."""
        self.stop()
        if self._server:
            self._server.server_close()


def _warm() -> None:
    """What moto makes once in a process, some of it at random, is made before the seed counts."""
    for name in ("autoscaling", "cloudtrail", "codedeploy", "ec2", "elb", "elbv2", "iam", "inspector2", "ssm", "sts"):
        for region in backends.get_backend(name)["000000000000"].regions[:1]:
            _ = backends.get_backend(name)["000000000000"][region]


@contextmanager
def listen(seed: int | None) -> Iterator[str]:
    """Serve until the `with` ends; gives the endpoint's URL."""
    server = _Server(ip_address="127.0.0.1", port=0, verbose=False)
    with corrected():
        if seed is not None:
            _warm()
        moto_api_backend.reset()
        if seed is not None:
            mock_random.seed(seed)
        server.start()
        try:
            host, port = server.get_host_and_port()
            yield f"http://{host}:{port}"
        finally:
            server.close()
