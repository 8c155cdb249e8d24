"""What can go wrong in a use case. Each error names a message of ``domain/messages.py``; the web gives it a status."""

from collections.abc import Mapping
from datetime import datetime


class DomainError(Exception):
    """A refusal that a person can read: a message code and the values the message needs."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params


class NotFound(DomainError):
    """There is no such row, or not for this actor: the two must look the same."""

    def __init__(self, noun: str = "page") -> None:
        super().__init__("not_found", noun=noun)


class NotAllowed(DomainError):
    """The actor's roles do not allow this."""


class Refused(DomainError):
    """The request was understood, and safety or a missing answer forbids it for now."""


class Conflict(DomainError):
    """Someone else was faster, or the present state does not allow the step."""


class Stale(Conflict):
    """The page was older than the row; carries who changed it, when, and what stands now."""

    def __init__(self, by: str, at: datetime, current: Mapping[str, object] | None = None) -> None:
        super().__init__("stale", by=by)
        self.by, self.at, self.current = by, at, dict(current or {})


class Invalid(DomainError):
    """Input that a form could not judge alone: field name to message code."""

    def __init__(self, **fields: str) -> None:
        super().__init__("invalid")
        self.fields = fields


class Untimely(Refused):
    """A time of a late entry that cannot be: it lies ahead, too far back, or against what is recorded already."""


class Unsafe(Refused):
    """An examination may not start: what is in the way, message code by question; the first is what it says."""

    def __init__(self, **fields: str) -> None:
        super().__init__(next(iter(fields.values())))
        self.fields = fields
