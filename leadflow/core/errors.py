"""Errors that users read: each says what is wrong and what to do next."""


class DomainError(Exception):
    """Something the user asked for cannot be done; `str(error)` is the sentence shown to them."""

    status = 400

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class Invalid(DomainError):
    """What was sent does not fit: a field, a row or a step is named."""

    status = 400


class NotAllowed(DomainError):
    """This person may not do this."""

    status = 403


class Conflict(DomainError):
    """The thing has moved on: what was asked for no longer fits its state."""

    status = 409
