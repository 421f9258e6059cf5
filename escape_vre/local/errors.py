"""What goes wrong with a back end on this machine, said to a person."""

from escape_vre.core.errors import EscapeError


class LocalError(EscapeError):
    """A local back end could not do what was asked.

    Parameters
    ----------
    message : str
        One sentence: what happened.
    hint : str
        What to do about it.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message, hint=hint)
