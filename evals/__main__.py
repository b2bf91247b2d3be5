"""`python -m evals`: how well the auditor judges the labelled cases. Exit 1: a broken case, or an unmet threshold.

python -m evals [--json] [--case NAME]
"""

from __future__ import annotations

import argparse
import sys

import msgspec

from auditor.commands.looking import progress
from auditor.render.text import console, print_json, safe
from evals.load import FOLDER, folders, name_of
from evals.render import print_scorecard, with_rates
from evals.scorecard import run
from evals.thresholds import load_thresholds, unmet
from tools.catalogue import discover
from tools.errors import AuditorError, UsageError


def main(arguments: list[str] | None = None) -> int:
    """Run the cases and print the scorecard."""
    given = _arguments(arguments)
    least, checks, cases = load_thresholds(), discover(), folders(FOLDER)
    if given.case:
        cases = [folder for folder in cases if given.case in (folder.name, name_of(folder))]
    if not cases:
        raise UsageError(f"there is no case {given.case!r}" if given.case else f"{FOLDER} holds no cases")
    card = run(cases, checks, progress())
    missed = unmet(card, least, [check.id for check in checks], whole=not given.case)
    card = msgspec.structs.replace(card, unmet=tuple(missed))
    if given.json:
        print_json(with_rates(card))
    else:
        print_scorecard(card, console())
    return 0 if card.passed else 1


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m evals", description="How well the auditor judges the labelled cases.")
    parser.add_argument("--json", action="store_true", help="the scorecard as JSON on standard output")
    parser.add_argument("--case", default="", metavar="NAME", help="one case alone: NAME or ORIGIN/NAME")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except AuditorError as error:
        sys.stderr.write(f"error: {safe(error)}\n")
        sys.exit(2 if isinstance(error, UsageError) else 1)
