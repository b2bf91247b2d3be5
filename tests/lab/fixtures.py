"""The lab as pytest fixtures. What needs the lab is skipped where it has not been made.

Use it with `pytest_plugins = ["tests.lab.fixtures"]`.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator

import pytest

from tests.lab import lifecycle, sessions
from tests.lab.basics import locked
from tests.lab.cluster import Lab


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """The lab, up; it goes down after the last session if a session has started it."""
    if os.geteuid() != 0:
        pytest.skip("the lab needs root")
    if not lifecycle.is_made():
        pytest.skip("the lab has not been made: make lab")
    with sessions.session():
        yield Lab()


@pytest.fixture
def namespace(lab: Lab, request: pytest.FixtureRequest) -> Iterator[str]:
    """A name for the test's own namespace, from the test's; it goes afterwards, without waiting."""
    words = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower().removeprefix("test_")).strip("-")
    name = f"{words[:50]}-{secrets.token_hex(3)}"
    yield name
    lab.discard_namespace(name)


@pytest.fixture
def lab_alone(lab: Lab) -> Iterator[Lab]:
    """The lab for a test that changes its nodes or daemons: no other such test runs meanwhile."""
    with locked("alone"):
        yield lab
        lifecycle.up()  # whatever the test did to a part of it
