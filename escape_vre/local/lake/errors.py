"""Errors of a lake, for users."""

try:
    from escape_vre.local.errors import LocalError
except ImportError:

    class LocalError(Exception):  # type: ignore[no-redef]
        """The same in the lake's own environment, which has no escape_vre."""

        def __init__(self, message: str, hint: str) -> None:
            super().__init__(message)
            self.message = message
            self.hint = hint


class LakeError(LocalError):
    """A request to the lake failed.

    Parameters
    ----------
    message : str — one sentence: what happened.
    hint : str — what to do.
    """
