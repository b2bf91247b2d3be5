"""The write-ahead journal that an executor needs: intent → effect → done, keyed by plan hash and step."""

from __future__ import annotations

from typing import Literal, Protocol

FIRST = 1
"""The number of a plan's first step. Once it is in the journal, the plan's approvals are spent."""

State = Literal["intent", "effect", "done"]


class Journal(Protocol):
    """Kept by the application's store. Every call is durable when it returns."""

    def state(self, plan: str, step: int) -> State | None:
        """How far a step came; None where nothing was begun."""

    def intent(self, plan: str, step: int, detail: str) -> None:
        """Record that a step is about to act, and under which audit id, in one transaction; the first step also
        consumes the approvals. Raises `Refused` where they were consumed before, or where this process no longer holds
        the claim on the run."""

    def write_id(self, plan: str, step: int) -> str:
        """The audit id that `intent` chose for a step's requests; it can't be guessed."""

    def effect(self, plan: str, step: int, detail: str) -> None:
        """Record that the step's write was accepted. Raises `Refused` where this process lost its claim."""

    def done(self, plan: str, step: int, detail: str) -> None:
        """Record that the step's effect was verified."""

    def note(self, plan: str, step: int, detail: str) -> None:
        """Add a line to the step's record without moving it."""

    def hold(self) -> None:
        """Prolong this process' claim on the run. Raises `Refused` where another process has it."""
