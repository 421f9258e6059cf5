"""A refresh token on disk: one party at a time, saved before it is used.

A provider that rotates refresh tokens takes each once, and ends the session if one is sent
twice. So an agent that refreshes holds the file's lock, reads the current token, and writes the
new one before the access token is used. The lock works between nodes that share a home directory,
where their file server can lock at all.
"""

import asyncio
import contextlib
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from escape_vre.core import disk
from escape_vre.core.errors import RemoteTimeoutError

LOOK_S = 0.05
LONGEST_S = 30.0
_OURS = os.O_CLOEXEC | os.O_NOFOLLOW


class RefreshFile:
    """One refresh token, readable to its owner alone."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Keep other tasks and processes from refreshing at the same time.

        Raises
        ------
        RemoteTimeoutError
            Another agent has held it for too long; ``details.retry_after_s``.
        """
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = self.path.with_suffix(".lock")
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | _OURS, 0o600)
        try:
            deadline = time.monotonic() + LONGEST_S
            while disk.lock(descriptor) == "held":
                if time.monotonic() > deadline:
                    raise RemoteTimeoutError(
                        "Another of your agents has held the sign-in's lock for too long.",
                        hint="This continues automatically when that agent has finished or ended.",
                        details={"retry_after_s": LONGEST_S},
                    )
                await asyncio.sleep(LOOK_S)
            yield
        finally:
            os.close(descriptor)

    def read(self) -> str | None:
        """Return the refresh token; None if the user is not signed in."""
        try:
            found = json.loads(self.path.read_bytes())["refresh_token"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return found if isinstance(found, str) and found else None

    def save(self, refresh_token: str) -> None:
        """Write a refresh token atomically and durably, mode 0600. Raises OSError."""
        part = self.path.with_suffix(f".{os.getpid()}.tmp")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _OURS, 0o600)
        try:
            os.write(descriptor, json.dumps({"refresh_token": refresh_token}).encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        part.replace(self.path)
        disk.sync_folder(self.path.parent)

    def remove(self) -> None:
        """Remove the refresh token."""
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()
