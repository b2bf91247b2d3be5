"""The console script: sets up the terminal's manners, runs the command line, and turns every error into three lines.

Nothing heavy is imported here: `auditor --help` answers at once.
"""

from __future__ import annotations

import os
import sys

from tools.errors import AuditorError, Refused, UsageError

os.environ.setdefault("TYPER_USE_RICH", "0")


def main() -> None:
    """Run the command line. Exit codes: 0 clean, 10 violations, 3 evidence missing, 2 usage, 1 failed, 130 stopped."""
    from auditor.cli import app

    try:
        app(prog_name="auditor")
    except AuditorError as error:
        _say(error)
        sys.exit(2 if isinstance(error, UsageError) else 1)
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _say(error: AuditorError) -> None:
    """What happened, why, and what to do: on standard error, with hostile characters escaped."""
    from auditor.render.text import safe

    word = "refused" if isinstance(error, Refused) else "error"
    rows = [(word, error.message), ("why", error.cause), ("do", error.mend)]
    sys.stderr.write("".join(f"{name:>8}: {safe(text)}\n" for name, text in rows if text))
