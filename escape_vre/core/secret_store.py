"""Where the passwords and personal tokens that people type are kept.

In the operating system's keyring where there is one, by the PyPI package ``keyring`` (the extra
``escape-vre[keyring]``); otherwise in the agent's memory, until it ends. Never in a file of ours.
"""

import asyncio
import hashlib
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

log = logging.getLogger(__name__)

Kept = Literal["keyring", "session"]
SERVICE = "escape-vre"
PATIENCE_S = 20.0
"""How long the keyring may take, seconds: it may ask the person to unlock it."""

_REAL = (
    "keyring.backends.SecretService",
    "keyring.backends.libsecret",
    "keyring.backends.kwallet",
    "keyring.backends.macOS",
    "keyring.backends.Windows",
)
"""Modules of backends that encrypt; others exist that write secrets to a plain file."""

T = TypeVar("T")


class Backend(Protocol):
    """What we use of a keyring."""

    def get_password(self, service: str, username: str) -> str | None:
        """Return a secret; None if there is none."""
        ...

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep a secret."""
        ...

    def delete_password(self, service: str, username: str) -> None:
        """Forget a secret; raises if there is none."""
        ...


def system_keyring() -> Backend | None:
    """Return the keyring of the operating system; None where there is none that encrypts."""
    try:
        import keyring

        chosen: Any = keyring.get_keyring()
    except Exception as e:  # noqa: BLE001 — whatever a broken desktop raises is "none"
        log.info("no system keyring: %s", type(e).__name__)
        return None
    for backend in getattr(chosen, "backends", None) or [chosen]:
        if type(backend).__module__ in _REAL:
            found: Backend = backend
            return found
    return None


class SecretStore:
    """The secrets of one person, by name.

    Parameters
    ----------
    state : Path
        The agent's state folder: agents of other folders have other secrets.
    """

    def __init__(self, state: Path, *, system: Callable[[], Backend | None] | None = None) -> None:
        self._prefix = hashlib.sha256(str(state.resolve()).encode()).hexdigest()[:8]
        self._find = system or system_keyring
        self._system: Backend | None = None
        self._looked = False
        self._session: dict[str, str] = {}

    async def keeps(self) -> Kept:
        """Return where a secret would be kept now."""
        return "session" if await self._backend() is None else "keyring"

    async def read(self, name: str) -> str | None:
        """Return a secret; None if there is none, or the keyring does not give it."""
        if name in self._session:
            return self._session[name]
        backend = await self._backend()
        if backend is None:
            return None
        return await self._asked(lambda: backend.get_password(SERVICE, self._key(name)))

    async def keep(self, name: str, secret: str) -> Kept:
        """Keep a secret, in memory where the keyring does not take it; returns where."""
        backend = await self._backend()
        if backend is not None:
            done = await self._asked(lambda: self._save(backend, name, secret))
            if done:
                self._session.pop(name, None)
                return "keyring"
        self._session[name] = secret
        return "session"

    async def forget(self, name: str) -> None:
        """Forget a secret."""
        self._session.pop(name, None)
        backend = await self._backend()
        if backend is not None:
            await self._asked(lambda: self._remove(backend, name))

    def _save(self, backend: Backend, name: str, secret: str) -> bool:
        backend.set_password(SERVICE, self._key(name), secret)
        return True

    def _remove(self, backend: Backend, name: str) -> None:
        if backend.get_password(SERVICE, self._key(name)) is not None:
            backend.delete_password(SERVICE, self._key(name))

    def _key(self, name: str) -> str:
        return f"{self._prefix}-{name}"

    async def _backend(self) -> Backend | None:
        if not self._looked:  # not before it is needed: it imports, and asks the desktop
            self._system = await self._asked(self._find)
            self._looked = True
        return self._system

    async def _asked(self, ask: Callable[[], T]) -> T | None:
        """Ask the keyring, in a thread that ends with the process; None where it fails."""
        answer: Future[T] = Future()

        def work() -> None:
            answer.set_running_or_notify_cancel()
            try:
                answer.set_result(ask())
            except Exception as e:  # noqa: BLE001 — every backend has errors of its own
                answer.set_exception(e)

        threading.Thread(target=work, daemon=True, name="keyring").start()
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await asyncio.wrap_future(answer)
        except Exception as e:  # noqa: BLE001 — as above; its text might show a secret
            log.warning("the system keyring failed: %s", type(e).__name__)
            return None
