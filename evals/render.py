"""The scorecard as tables: detection by origin and check, tracing, healthy fleets, and every miss."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from auditor.render.text import fields, line
from evals.scorecard import ALL, Score, Scorecard
from evals.scorers.detection import Counts
from tools.model.path import STANDINGS

BAD = ("false pass", "falsely verified", "check failed")


def print_scorecard(card: Scorecard, out: Console) -> None:
    """Print a whole run, its verdict last."""
    origins = [origin for origin in card.scores if origin != ALL]
    for name in [*origins, ALL] if len(origins) > 1 else origins:
        _detection(name, card.scores[name], out)
    for name in origins:
        _tracing(name, card.scores[name], out)
    _misses(card, out)
    _foot(card, out)


def with_rates(card: Scorecard) -> dict[str, Any]:
    """The scorecard as plain data, with precision, recall and accuracy beside the counts that they come from."""
    plain: dict[str, Any] = msgspec.to_builtins(card)
    for name, score in card.scores.items():
        told = plain["scores"][name]
        told["tracing"]["accuracy"] = score.tracing.accuracy
        for counts, into in [(score.sum, told["sum"]), *((c, told["checks"][n]) for n, c in score.checks.items())]:
            into.update(precision=counts.precision, recall=counts.recall)
    return plain


def _detection(name: str, score: Score, out: Console) -> None:
    healthy = score.healthy
    out.print(
        line(
            (f"{name.upper()}  {score.cases} cases", "bold"),
            f"  healthy fleets left alone: {healthy.left_alone} of {healthy.cases}",
        )
    )
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("detection", style="bold", no_wrap=True)
    for title in ("labelled", "found", "missed", "wrong", "precision", "recall", "undecided", "false passes", "failed"):
        table.add_column(title, justify="right", no_wrap=True)
    for check, counts in [*score.checks.items(), (ALL, score.sum)]:
        table.add_row(check, *_row(counts))
    out.print(table)
    out.print()


def _row(counts: Counts) -> tuple[str, ...]:
    told = (
        counts.labelled,
        counts.true_positives,
        counts.false_negatives,
        counts.false_positives,
        _share(counts.precision),
        _share(counts.recall),
        counts.undecided,
        counts.false_passes,
        counts.failed,
    )
    return tuple(str(value) if value else "·" for value in told)


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _tracing(name: str, score: Score, out: Console) -> None:
    traced = score.tracing
    if not traced.edges:
        return
    out.print(
        line(
            (f"{name.upper()}  tracing: {traced.edges} edges", "bold"),
            f"  accuracy {_share(traced.accuracy)}, falsely verified {traced.falsely_verified}",
        )
    )
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("labelled ↓  derived →", style="bold", no_wrap=True)
    for derived in reversed(STANDINGS):
        table.add_column(derived, justify="right")
    for labelled in reversed(STANDINGS):
        if row := traced.confusion.get(labelled):
            table.add_row(labelled, *(str(row.get(derived, "·")) for derived in reversed(STANDINGS)))
    out.print(table)
    out.print()


def _misses(card: Scorecard, out: Console) -> None:
    for kind, group in groupby(card.misses, key=lambda miss: miss.kind):
        members = list(group)
        out.print(line((f"{kind.upper()}  {len(members)}", "bold red" if kind in BAD else "bold yellow")))
        for miss in members:
            out.print(line("  ", (miss.case, "bold"), f"  {miss.what}"))
            fields(out, [("   →", line(miss.instead))])
        out.print()


def _foot(card: Scorecard, out: Console) -> None:
    for title, rows in (("BROKEN CASES, in no score above", card.broken), ("NOT REACHED", card.unmet)):
        if rows:
            out.print(line((f"{title}  {len(rows)}", "bold red")))
            fields(out, [("·", row) for row in rows])
            out.print()
    verdict = ("every threshold was reached", "bold green") if card.passed else ("failed", "bold red")
    out.print(line(verdict, f"  {card.scores[ALL].cases} cases in {card.cpu_seconds:.1f} CPU-s"))
