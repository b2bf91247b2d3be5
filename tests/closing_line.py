"""A pytest plugin: the very last line of a run is `N passed, N failed, N skipped`, alone and plain.

Load it with `-p tests.closing_line`. An error in a fixture or in collection counts as failed, an expected failure
as skipped.
"""

from __future__ import annotations

import pytest
from _pytest.terminal import TerminalReporter

COUNTED = {"passed": ("passed", "xpassed"), "failed": ("failed", "error"), "skipped": ("skipped", "xfailed")}


def closing_line(reporter: TerminalReporter) -> str:
    """The counts of pytest's own reporter in these three words."""
    counts = {word: sum(len(reporter.stats.get(key, ())) for key in keys) for word, keys in COUNTED.items()}
    return ", ".join(f"{count} {word}" for word, count in counts.items())


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Print it after everything else; with xdist, only the process that started the workers does."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if isinstance(reporter, TerminalReporter) and not hasattr(config, "workerinput"):
        reporter.ensure_newline()
        reporter.write_line(closing_line(reporter))
