"""What the demonstration says between its parts."""

from __future__ import annotations

import sys

from auditor.demo.fleet import DAYS
from auditor.demo.stage import BOOT, Stage
from auditor.render.text import console, fields, line
from tools.errors import Refused
from tools.model.plan import Plan
from tools.model.report import Report

FOLLOW = """\
Nothing of this is left. On a fleet of your own, as somebody who may read it:

    auditor audit                       # the current kube context, or a SOURCE:
                                        # kubernetes:CONTEXT, aws:PROFILE@REGION
    auditor plan --source SOURCE
    auditor approve RUN --context WHO   # a context or profile, of who approves
    auditor execute RUN --context WHO   # and of who may act: see deploy/
"""


def opening(stage: Stage) -> None:
    """What there is to be seen, and what of it is made up."""
    aws, out = stage.aws, console()
    out.print(line(("a shop, in two halves", "bold")))
    fields(
        out,
        [
            (
                "servers",
                f"aws: is account {aws.account} in {aws.region} of an embedded AWS (moto, corrected) in this process, "
                f"at {aws.endpoint}. Its fleet was given {DAYS} days of past; from now on it keeps real time, but that "
                f"a server takes {BOOT} s to start.",
            ),
            (
                "cluster",
                "shop/ was recorded from a real cluster. Its nodes name no provider: in the copy that is read here "
                f"their providerID is that of two of these servers, {' and '.join(stage.fleet.nodes)}.",
            ),
        ],
    )
    out.print()


def title(number: int, parts: int, text: str) -> None:
    """The title of a part."""
    out = console()
    if number > 1:
        out.print()
    out.print(line((f"━━ {number}/{parts}  {text}", "bold cyan")))


def command(text: str) -> None:
    """A command as a person would type it."""
    out = console()
    out.print(line((f"$ auditor {text}", "bold")))
    out.print()


def both(before: Report, after: Report) -> None:
    """How many violations each of two reports has."""
    counts = [sum(f.verdict == "violation" for f in report.findings) for report in (before, after)]
    console().print(line(f"violations before: {counts[0]}, after: {counts[1]}"))


def planned(plan: Plan) -> None:
    """A plan, in a line."""
    console().print(line(f"planned: {'; '.join(str(step.action) for step in plan.steps)}"))


def refused(error: Refused) -> None:
    """A refusal, as the command line says it."""
    out = console()
    for label, style, text in (
        ("refused", "bold red", error.message),
        ("why", "dim", error.cause),
        ("do", "dim", error.mend),
    ):
        if text:
            out.print(line((f"{label:>8}: ", style), text))


def declined() -> None:
    """Nobody approved it."""
    console().print(line(("not approved: nothing was changed", "bold")))


def closing() -> None:
    """What to do next."""
    sys.stdout.write("\n" + FOLLOW)
