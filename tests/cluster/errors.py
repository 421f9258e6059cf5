"""What goes wrong here, in sentences."""


class ClusterError(Exception):
    """Something that a person can do something about.

    Parameters
    ----------
    message : str
        What happened.
    hint : str
        What to do.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message} {hint}".strip())
        self.message = message
        self.hint = hint
