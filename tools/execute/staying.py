"""What an executor may say besides: what its action does not bring back."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Staying(Protocol):
    """An executor that can say it; `client` is what its other methods take."""

    def stays(self, client: Any, /) -> tuple[str, ...]:
        """In words, for the plan. Raises `ApiFailure` where what the action is about can't be read."""
