"""Errors of a local back end, for users."""

from escape_vre.core.errors import EscapeError


class LocalError(EscapeError):
    """A request to a local back end failed.

    Parameters
    ----------
    message : str
        One sentence: what happened.
    hint : str
        What to do.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message, hint=hint)
