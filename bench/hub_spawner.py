"""The spawner of a benchmark's hub: it starts nothing and gives an address that answers for all.

Runs in the hub's process. For the hub, a thousand users have a thousand running servers with a
token each, without any further process.
"""

from pathlib import Path
from typing import Any

from jupyterhub.spawner import Spawner
from traitlets import Unicode


class StubSpawner(Spawner):
    """Reports that a server runs, and writes its token to a file for the load generator."""

    address = Unicode(help="URL that answers in place of every server.").tag(config=True)
    tokens = Unicode(help="File with one line per server: user and token.").tag(config=True)

    _up = False

    async def start(self) -> str:
        """Return where the server is."""
        with Path(self.tokens).open("a") as file:  # noqa: ASYNC230 (a line)
            file.write(f"{self.user.name} {self.api_token}\n")
        self._up = True
        return self.address

    async def poll(self) -> int | None:
        """Return None, which means that it runs; 0 once it was stopped."""
        return None if self._up else 0

    async def stop(self, now: bool = False) -> None:
        """Forget it."""
        self._up = False

    def get_state(self) -> dict[str, Any]:
        """Return what is needed after a restart of the hub."""
        return {**super().get_state(), "up": self._up}

    def load_state(self, state: dict[str, Any]) -> None:
        """Take what :meth:`get_state` gave."""
        super().load_state(state)
        self._up = bool(state.get("up"))

    def clear_state(self) -> None:
        """Forget what :meth:`get_state` gives."""
        super().clear_state()
        self._up = False
