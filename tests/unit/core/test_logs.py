"""What the agent logs can be shown on a terminal."""

import logging
import subprocess
import sys

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


def test_a_log_is_bounded_and_everything_goes_to_its_newest_file(tmp_path):
    code = (
        "import logging, os, sys\n"
        "from pathlib import Path\n"
        "from escape_vre.core import logs\n"
        "logs.LOG_BYTES = 10_000\n"
        "logs.log_to_stderr()\n"
        "logs.keep_bounded(Path(sys.argv[1]))\n"
        "for n in range(1000): logging.info('line %d of a thousand', n)\n"
        "os.write(1, b'printed\\n'); os.write(2, b'crashed\\n')\n"
    )
    log = tmp_path / "agent.log"
    with log.open("ab") as file:
        subprocess.run([sys.executable, "-c", code, log], stdout=file, stderr=file, check=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "agent.log",
        "agent.log.1",
        "agent.log.2",
    ]
    assert all(path.stat().st_size < 11_000 for path in tmp_path.iterdir())
    *_, last, printed, crashed = log.read_text().splitlines()
    assert "line 999" in last
    assert (printed, crashed) == ("printed", "crashed")


def test_a_log_that_stderr_does_not_go_to_is_left_alone(tmp_path):
    other = tmp_path / "agent.log"
    other.write_text("of another agent\n")
    code = (
        "import logging, sys\n"
        "from pathlib import Path\n"
        "from escape_vre.core import logs\n"
        "logs.LOG_BYTES = 10\n"
        "logs.log_to_stderr()\n"
        "logs.keep_bounded(Path(sys.argv[1]))\n"
        "logging.info('to the terminal')\n"
    )
    done = subprocess.run([sys.executable, "-c", code, other], capture_output=True, check=True)
    assert b"to the terminal" in done.stderr
    assert other.read_text() == "of another agent\n"
    assert list(tmp_path.iterdir()) == [other]
