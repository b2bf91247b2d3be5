"""The write-ahead journal that an executor needs: intent → effect → done, keyed by plan hash and step."""

from __future__ import annotations

from typing import Literal, Protocol

State = Literal["intent", "effect", "done"]


class Journal(Protocol):
    """Kept by the application's store. Every call is durable when it returns."""

    def state(self, plan: str, step: int) -> State | None:
        """How far a step came; None where nothing was begun."""

    def intent(self, plan: str, step: int, detail: str) -> None:
        """Record that a step is about to act, and consume the approval, in one transaction. Raises `Refused` where the
        approval was consumed before, or where this process no longer holds the claim on the run."""

    def effect(self, plan: str, step: int, detail: str) -> None:
        """Record that the step's write was accepted. Raises `Refused` where this process lost its claim."""

    def done(self, plan: str, step: int, detail: str) -> None:
        """Record that the step's effect was verified."""

    def note(self, plan: str, step: int, detail: str) -> None:
        """Add a line to the step's record without moving it."""

    def hold(self) -> None:
        """Prolong this process' claim on the run. Raises `Refused` where another process has it."""
