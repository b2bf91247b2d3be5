"""The one error root of the product: what happened, why, and what to do about it."""

from __future__ import annotations


class AuditorError(Exception):
    """An error that a person can act on.

    `message` says what happened, `cause` why, `mend` what to do. Front doors print the three lines and exit; nothing
    below them prints. Subclasses name the families that callers tell apart.
    """

    def __init__(self, message: str, cause: str = "", mend: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.cause = cause
        self.mend = mend

    def __str__(self) -> str:
        return " ".join(part for part in (self.message, self.cause and f"({self.cause})", self.mend) if part)


class UsageError(AuditorError):
    """The command line or a settings file asks for something that can't be understood (exit code 2)."""


class SourceError(AuditorError):
    """A source of evidence can't be opened at all: no such file, no such context, nothing that answers."""


class ApiFailure(AuditorError):
    """A request that was not answered with success. `status` is the HTTP code (0 where there was no answer), `code`
    the machine-readable reason: `unauthorized`, `forbidden`, `not-found`, `conflict`, `expired`, `invalid`,
    `throttled`, `timeout`, `unreachable`, `truncated`, `server-error`, `refused`, `broken`."""

    def __init__(self, status: int, code: str, message: str, cause: str = "", mend: str = "") -> None:
        super().__init__(message, cause, mend)
        self.status = status
        self.code = code


class Refused(AuditorError):
    """Something that acts was asked for and is refused. `code` is the machine-readable reason, kept in the record."""

    def __init__(self, code: str, message: str, cause: str = "", mend: str = "") -> None:
        super().__init__(message, cause, mend)
        self.code = code
