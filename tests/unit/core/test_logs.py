"""What the agent logs can be shown on a terminal."""

import logging

import pytest

from escape_vre.core.logs import PrintableFormatter


@pytest.fixture
def written():
    def write(message, error=None):
        info = (type(error), error, None) if error else None
        record = logging.LogRecord("a", logging.INFO, "a.py", 1, message, None, info)
        return PrintableFormatter("%(levelname)s %(message)s").format(record)

    return write


def test_a_message_is_one_line_of_plain_text(written):
    assert written("got x\x1b[2J\nINFO all well\u202e") == (
        "INFO got x\\x1b[2J\\nINFO all well\\u202e"
    )


def test_a_traceback_keeps_its_lines_and_nothing_else(written):
    said = written("failed", ValueError("\x1b]52;c;\x07"))
    assert said == "INFO failed\nValueError: \\x1b]52;c;\\x07"
