"""How the agent's log is written; standard library only."""

import logging

from escape_vre.core.text import printable


class PrintableFormatter(logging.Formatter):
    """Writes messages that hold names and answers of others so that a terminal can show them."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 — logging's name
        """Return the first line of an entry; no message can look like two."""
        return printable(super().formatMessage(record))

    def format(self, record: logging.LogRecord) -> str:
        """Return the entry, with its traceback."""
        return printable(super().format(record), keep="\n")


def log_to_stderr() -> None:
    """Have everything of level INFO and above logged to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(PrintableFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
