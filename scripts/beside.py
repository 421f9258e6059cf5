#!/usr/bin/env python3
"""Run commands beside each other: ``beside.py COMMAND...``; the first failure ends the others.

The last command speaks at once; what the others say comes when they have ended.
"""

import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from typing import IO


class Stream:
    """A command with a process group of its own."""

    def __init__(self, command: str, said: "IO[bytes] | None") -> None:
        self.command, self.said = command, said
        self.process = subprocess.Popen(
            shlex.split(command), stdout=said, stderr=said and subprocess.STDOUT, process_group=0
        )

    def end(self) -> None:
        """End the command and all that it has started."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait()

    def show(self) -> None:
        """Print what it has said, once."""
        if self.said:
            self.said.seek(0)
            sys.stdout.buffer.write(self.said.read())
            sys.stdout.flush()
            self.said = None


def main(*commands: str) -> int:
    """Return the exit code of the first command that fails, or 0."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    streams: list[Stream] = []
    running: list[Stream] = []
    try:
        for command in commands:
            said = None if command == commands[-1] else tempfile.TemporaryFile()  # noqa: SIM115
            streams.append(Stream(command, said))
        running = list(streams)
        while running:
            for one in [one for one in running if one.process.poll() is not None]:
                running.remove(one)
                one.show()
                if one.process.returncode:
                    print(f"Failed: {one.command}", file=sys.stderr)
                    return one.process.returncode
            time.sleep(0.1)
        return 0
    finally:
        for one in streams:
            one.end()
            one.show()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
