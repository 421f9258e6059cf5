"""How the agent's log is written; standard library only."""

import logging
import os
from logging.handlers import RotatingFileHandler
from pathlib import Path

from escape_vre.core.text import printable

LOG_BYTES = 2_000_000
LOG_FILES = 3


class PrintableFormatter(logging.Formatter):
    """Writes messages that hold names and answers of others so that a terminal can show them."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 — logging's name
        """Return the first line of an entry; no message can look like two."""
        return printable(super().formatMessage(record))

    def format(self, record: logging.LogRecord) -> str:
        """Return the entry, with its traceback."""
        return printable(super().format(record), keep="\n")


class RotatingLog(RotatingFileHandler):
    """A log file of bounded size that standard output and error go to as well, also once it is new.

    The oldest lines are dropped when ``LOG_FILES`` files of ``LOG_BYTES`` each are full.
    """

    def __init__(self, file: Path) -> None:
        super().__init__(
            file,
            maxBytes=LOG_BYTES,
            backupCount=LOG_FILES - 1,
            encoding="utf-8",
            errors="backslashreplace",
        )

    def doRollover(self) -> None:  # noqa: N802 — logging's name
        """Begin another file."""
        super().doRollover()
        assert self.stream is not None  # noqa: S101 — opened by it
        for descriptor in (1, 2):
            os.dup2(self.stream.fileno(), descriptor)


def log_to_stderr() -> None:
    """Have everything of level INFO and above logged to standard error."""
    _log_to(logging.StreamHandler())


def keep_bounded(file: Path) -> None:
    """Rotate a file as it grows, if it is where standard error goes; for its only writer."""
    if os.path.samestat(os.fstat(2), file.stat()):
        _log_to(RotatingLog(file))


def _log_to(handler: logging.Handler) -> None:
    handler.setFormatter(PrintableFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
