"""What goes wrong with a lake, said to a person."""


class LakeError(Exception):
    """The lake could not do what was asked.

    Parameters
    ----------
    message : str — one sentence: what happened.
    hint : str — what to do about it.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
