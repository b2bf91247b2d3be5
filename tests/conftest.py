"""The lab's fixtures for every test; a test marked `lab` is skipped, with the reason, where there can be no lab."""

from __future__ import annotations

import functools
import os

import pytest

from tests.lab import lifecycle

pytest_plugins = ["tests.lab.fixtures"]


@functools.cache
def why_no_lab() -> str:
    """Why the lab can't be used here; empty where it can."""
    if os.geteuid() != 0:
        return "the lab needs root"
    return "" if lifecycle.is_made() else "the lab has not been made: make lab"


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("lab") and (reason := why_no_lab()):
        pytest.skip(reason)
