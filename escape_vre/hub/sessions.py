"""The one place where a session is read, renewed and saved: under one lock a user.

Page requests (``refresh_user``) and the token endpoint meet here. A provider that rotates refresh
tokens kills the session of whoever uses one twice, so a session is renewed by one caller at a
time, what the provider answered is saved before anything else happens, and whoever waited reads
what the first one saved.

A hub that is killed between the provider's answer and the commit, some milliseconds, keeps a dead
refresh token: that person signs in once more. Nothing else is lost.
"""

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field, replace
from logging import Logger
from typing import Any

from jupyterhub.user import User

from escape_vre.core.errors import ConfigurationError, EscapeError, RemoteError
from escape_vre.hub.metrics import REFRESHES
from escape_vre.hub.provider import Provider, RefusedError, SessionEndedError, TokenAnswer
from escape_vre.hub.settings import PATH, Audience, HubSettings
from escape_vre.hub.store import Claims, Memory, Session, Store, Stored
from escape_vre.hub.wire import unavailable

MARGIN_S = 65.0
"""A token this near to its end is renewed: 5 s before the agent asks (``RENEW_BEFORE_S``)."""

PAGE_WAITS_S = 3.0
"""So long a page waits for a renewal, seconds."""

REFUSED_S = 10.0
"""So long a provider that refuses a service is not asked for it again, seconds."""

REMEMBERED = 10_000
"""Users whose tokens are kept in memory, some 10 kB each; the rest are asked for again."""


@dataclass(frozen=True, slots=True)
class Issued:
    """An access token for one service."""

    access_token: str = field(repr=False)
    expires_at: float
    renew_at: float
    sign_in: str


@dataclass(slots=True)
class _Known:
    """What is in memory of one user."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    memory: Memory = field(default_factory=Memory)
    tokens: dict[str, Issued] = field(default_factory=dict, repr=False)
    asking: dict[str, asyncio.Task[Issued]] = field(default_factory=dict)
    refused: dict[str, tuple[float, ConfigurationError]] = field(default_factory=dict)
    asking_since: float | None = None
    """Since when the provider's answer to a renewal is waited for."""
    failure: EscapeError | None = None
    failed_at: float = 0.0

    @property
    def busy(self) -> bool:
        return self.lock.locked() or bool(self.asking)


Welcome = Callable[[User, Claims], Awaitable[bool]]


class Sessions:
    """The sessions of all users of this hub.

    Parameters
    ----------
    welcome : callable
        Given a user and the provider's newest claims: brings groups up to date, and says whether
        this person may still use the hub.
    """

    def __init__(
        self,
        *,
        settings: HubSettings,
        provider: Provider,
        store: Store,
        welcome: Welcome,
        log: Logger,
    ) -> None:
        self._settings = settings
        self._provider = provider
        self._store = store
        self._welcome = welcome
        self._log = log
        self._users: OrderedDict[str, _Known] = OrderedDict()
        self._audiences = {entry.name: entry for entry in settings.tokens.audiences}
        self._tasks: set[asyncio.Task[Any]] = set()

    def newest(self, user_name: str) -> Session | None:
        """Return the newest session in memory; None where there is none."""
        known = self._users.get(user_name)
        return known.memory.session if known else None

    async def check(self, user: User) -> bool:
        """Return whether the user's session lives, as far as anybody can tell.

        The provider is asked where its last word is older than ``recheck_s``. One that does not
        answer ends nothing, and a page does not wait for it: the renewal goes on by itself.
        """
        memory = self._known(user).memory
        session = await self._store.session(user, memory)
        if session is None or session.ended:
            return False
        if self._is_recent(session) and not memory.unsaved:
            return True
        try:
            await self._renewed(
                user, lambda newest: not self._is_recent(newest), wait_s=PAGE_WAITS_S
            )
        except SessionEndedError:
            return False
        except (RemoteError, ConfigurationError) as e:
            self._log.warning("The session of %s could not be renewed: %s", user.name, e)
        return True

    async def token(self, user: User, name: str) -> Issued:
        """Return an access token for one service, from memory while it is good.

        Raises
        ------
        KeyError
            There is no such audience.
        SessionEndedError
            The user must sign in again.
        RemoteUnavailableError
            The provider does not answer.
        ConfigurationError
            The provider refuses.
        """
        audience = self._audiences[name]
        known = self._known(user)
        session = await self._store.session(user, known.memory)
        if session is None or session.ended:
            raise ended()
        kept = known.tokens.get(name)
        if kept and kept.sign_in == session.sign_in and time.time() < kept.renew_at:
            return kept
        until, refusal = known.refused.get(name, (0.0, None))
        if refusal is not None and time.monotonic() < until:
            raise refusal
        asking = known.asking.get(name)
        if asking is None:
            # Equal requests share one answer, a failure too.
            asking = self._task(self._issued(user, known, audience))
            known.asking[name] = asking
            asking.add_done_callback(lambda _: known.asking.pop(name, None))
        return await asyncio.shield(asking)

    async def _issued(self, user: User, known: _Known, audience: Audience) -> Issued:
        if self._settings.method == "refresh":
            session, answer = await self._narrowed(user, audience)
        else:
            session, answer = await self._exchanged(user, audience)
        now = time.time()
        lifetime = answer.expires_at - now
        issued = Issued(
            answer.access_token,
            answer.expires_at,
            answer.expires_at - min(MARGIN_S, lifetime / 4),
            session.sign_in,
        )
        known.tokens[audience.name] = issued
        return issued

    async def _exchanged(self, user: User, audience: Audience) -> tuple[Session, TokenAnswer]:
        session = await self._renewed(user, _is_short)
        try:
            return session, await self._provider.exchange(session.access_token, audience)
        except RefusedError:
            # A provider says the same of a token whose session has ended: ask about that.
            dead = session.access_token
            session = await self._renewed(user, lambda newest: newest.access_token == dead)
        try:
            return session, await self._provider.exchange(session.access_token, audience)
        except RefusedError as e:
            raise self._refused(user, e, audience) from e

    async def _narrowed(self, user: User, audience: Audience) -> tuple[Session, TokenAnswer]:
        answers: list[TokenAnswer] = []

        async def ask(session: Session) -> TokenAnswer:
            answers.append(await self._provider.narrow(session.refresh_token, audience))
            return answers[-1]

        try:
            session = await self._renewed(user, lambda _: True, ask=ask)
        except RefusedError as e:
            raise self._refused(user, e, audience) from e
        return session, answers[-1]

    def _refused(self, user: User, error: RefusedError, audience: Audience) -> ConfigurationError:
        number = self._settings.tokens.audiences.index(audience)
        other = (
            ""
            if self._settings.method == "refresh"
            else (f" If it does no exchange at all, set {PATH}.tokens.method to refresh.")
        )
        self._log.error("No token for %s: %s", audience.name, error.details.get("reason"))
        refusal = ConfigurationError(
            f"The identity provider refuses a token for {audience.name}"
            f" ({error.details.get('reason')}).",
            hint=f"Whoever runs this hub should allow its client {audience.aud} at the provider,"
            f" or correct {PATH}.tokens.audiences[{number}].{other}",
        )
        until = time.monotonic() + REFUSED_S
        self._known(user).refused[audience.name] = until, refusal
        return refusal

    async def _renewed(
        self,
        user: User,
        due: Callable[[Session], bool],
        *,
        ask: Callable[[Session], Awaitable[TokenAnswer]] | None = None,
        wait_s: float = math.inf,
    ) -> Session:
        """Return the newest session, renewed if it is due.

        The work goes on if the caller does not wait for its end: a renewal must be saved.
        """
        known = self._known(user)
        wait_s = min(wait_s, self._settings.calls.timeout_s + 1)
        work = None
        if known.asking_since is None or time.monotonic() - known.asking_since < wait_s:
            work = self._task(self._in_turn(user, known, due, ask))
            await asyncio.wait({work}, timeout=wait_s)
        if work is None or not work.done():
            raise unavailable("The identity provider does not answer in time.")
        session: Session = work.result()
        return session

    async def _in_turn(
        self,
        user: User,
        known: _Known,
        due: Callable[[Session], bool],
        ask: Callable[[Session], Awaitable[TokenAnswer]] | None,
    ) -> Session:
        began = time.monotonic()
        async with known.lock:
            if known.failure is not None and known.failed_at >= began:
                raise known.failure  # while we waited: asking again would take as long again
            stored = await self._store.read(user, known.memory)
            session = stored.session
            if session is None or session.ended:
                raise ended()
            if known.memory.unsaved:
                stored = await self._store.save(user, known.memory, stored, session)
            if not due(session):
                return session
            known.asking_since = time.monotonic()
            try:
                if ask is None:
                    answer = await self._provider.refresh(session.refresh_token)
                else:
                    answer = await ask(session)
            except SessionEndedError:
                REFRESHES.labels("ended").inc()
                await self._store.save(user, known.memory, stored, session.dead())
                raise
            except RemoteError as e:
                REFRESHES.labels("unavailable").inc()
                known.failure, known.failed_at = e, time.monotonic()
                raise
            except ConfigurationError:
                REFRESHES.labels("refused").inc()
                raise
            finally:
                known.asking_since = None
            REFRESHES.labels("ok").inc()
            session = session.renewed(answer, narrowed=ask is not None)
            # Before anything else: the old refresh token may be dead by now.
            stored = await self._store.save(user, known.memory, stored, session)
            if ask is None:
                await self._look_at(user, known, stored, answer)
            return session

    async def _look_at(
        self, user: User, known: _Known, stored: Stored, answer: TokenAnswer
    ) -> None:
        """Bring groups up to date with what the provider says now; end whose welcome has ended."""
        session = stored.session
        if session is None:
            return
        try:
            claims = await self._provider.claims(
                answer,
                subject=session.subject,
                wanted=(self._settings.oidc.group_claim,),
            )
            welcome = await self._welcome(user, claims)
        except RemoteError as e:
            self._log.warning("The groups of %s stay as they were: %s", user.name, e)
            return
        except SessionEndedError:
            await self._store.save(user, known.memory, stored, session.dead())
            raise
        if not welcome:
            self._log.warning("%s is allowed on this hub no longer.", user.name)
            await self._store.save(user, known.memory, stored, session.dead())
            raise SessionEndedError(
                "You are allowed on this hub no longer.",
                hint="Ask who runs it, then sign in again.",
            )
        if claims != stored.claims:
            await self._store.save(user, known.memory, replace(stored, claims=claims), session)

    def _is_recent(self, session: Session) -> bool:
        return 0 <= time.time() - session.checked_at < self._settings.oidc.recheck_s

    def _known(self, user: User) -> _Known:
        known = self._users.setdefault(user.name, _Known())
        self._users.move_to_end(user.name)
        while len(self._users) > REMEMBERED:
            oldest = next(iter(self._users))
            if self._users[oldest].busy or oldest == user.name:
                break
            del self._users[oldest]
        return known

    def _task(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # asked for, so that a failure whose caller has gone is no noise


def ended() -> SessionEndedError:
    """Return the error of a session that is over."""
    return SessionEndedError(
        "Your session at the identity provider has ended.", hint="Sign in again."
    )


def _is_short(session: Session) -> bool:
    """Whether the session's access token will end before an exchange is sure to be over."""
    return session.expires_at - time.time() < 20 or not session.access_token
