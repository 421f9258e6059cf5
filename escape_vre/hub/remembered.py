"""What a hub has in memory of its users: sessions, tokens, who asks for which."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

from jupyterhub.user import User

from escape_vre.core.errors import ConfigurationError, EscapeError
from escape_vre.hub.store import Memory

REMEMBERED = 10_000
"""Users whose tokens are kept in memory, about 10 kB each; the others' are asked for again."""


@dataclass(frozen=True, slots=True)
class Issued:
    """An access token for one service."""

    access_token: str = field(repr=False)
    expires_at: float
    renew_at: float
    sign_in: str


@dataclass(slots=True)
class Asking:
    """A request for a token that equal requests share, its failure too."""

    task: asyncio.Task[Issued]
    exchange_since: float | None = None
    """When the exchange was sent whose answer is waited for."""


@dataclass(slots=True)
class Known:
    """What is in memory of one user."""

    user: User
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    memory: Memory = field(default_factory=Memory)
    tokens: dict[str, Issued] = field(default_factory=dict, repr=False)
    asking: dict[str, Asking] = field(default_factory=dict)
    refused: dict[str, tuple[float, ConfigurationError]] = field(default_factory=dict)
    asking_since: float | None = None
    """When the renewal was begun whose answer is waited for."""
    failure: EscapeError | None = None
    failed_at: float = 0.0

    @property
    def busy(self) -> bool:
        """Whether something would be lost with it."""
        return self.lock.locked() or bool(self.asking) or self.memory.unsaved


class Remembered:
    """The users in memory; of too many, those that have not been here for longest are forgotten."""

    def __init__(self) -> None:
        self._users: OrderedDict[str, Known] = OrderedDict()

    def __iter__(self) -> Iterator[Known]:
        return iter(self._users.values())

    def __len__(self) -> int:
        return len(self._users)

    def get(self, name: str) -> Known | None:
        """Return what is in memory of a user; None where nothing is."""
        return self._users.get(name)

    def of(self, user: User) -> Known:
        """Return what is in memory of a user, who is here now."""
        known = self._users.get(user.name)
        if known is None:
            known = self._users[user.name] = Known(user)
        known.user = user
        self._users.move_to_end(user.name)
        if len(self._users) > REMEMBERED:
            self._forget_one(user.name)
        return known

    def _forget_one(self, but: str) -> None:
        for name, known in self._users.items():
            if name != but and not known.busy:
                del self._users[name]
                return
