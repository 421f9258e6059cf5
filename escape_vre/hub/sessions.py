"""The one place where a session is read, renewed and saved: under one lock per user.

Page requests (``refresh_user``) and the token endpoint meet here. A provider that rotates refresh
tokens ends the session of anyone who uses one twice, so a session is renewed by one caller at a
time, what the provider answered is saved before anything else happens, and those who waited read
what the first one saved.

From the moment a renewal is sent until its answer is saved, only the provider knows the new
refresh token: that takes as long as the provider's answer. A hub that is stopped finishes the
renewals and sign-ins in flight (:meth:`Sessions.drain`). One that is killed in that time keeps a
refresh token that is no longer valid: that user signs in once more. Nothing else is lost.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from logging import Logger
from typing import Any

from jupyterhub.user import User

from escape_vre.core.errors import ConfigurationError, EscapeError, RemoteError
from escape_vre.core.text import sentence
from escape_vre.hub.answers import RefusedError, SessionEndedError, TokenAnswer, check_audience
from escape_vre.hub.ending import InFlight
from escape_vre.hub.metrics import REFRESHES
from escape_vre.hub.provider import Provider
from escape_vre.hub.remembered import Asking, Issued, Known, Remembered
from escape_vre.hub.settings import PATH, Audience, HubSettings
from escape_vre.hub.store import Claims, Session, Store, Stored
from escape_vre.hub.wire import unavailable

MARGIN_S = 65.0
"""A token this near to its end is renewed: 5 s before the agent asks (``RENEW_BEFORE_S``)."""

PAGE_WAITS_S = 3.0
"""How long a page waits for a renewal, seconds."""

REFUSED_S = 10.0
"""How long a provider that refuses a service is not asked for it again, seconds."""

Welcome = Callable[[User, Claims], Awaitable[bool]]


class Sessions:
    """The sessions of all users of this hub.

    Parameters
    ----------
    welcome : callable
        Given a user and the provider's newest claims: brings groups up to date, and returns
        whether this user may still use the hub.
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
        self._users = Remembered()
        self._audiences = {entry.name: entry for entry in settings.tokens.audiences}
        self._tasks: set[asyncio.Task[Any]] = set()
        self.in_flight = InFlight(log)

    def newest(self, user_name: str) -> Session | None:
        """Return the newest session in memory; None where there is none."""
        known = self._users.get(user_name)
        return known.memory.session if known else None

    async def check(self, user: User) -> bool:
        """Return whether the user's session is alive, as far as the hub knows.

        The provider is asked if its last answer is older than ``recheck_s``. One that does not
        answer ends nothing, and a page does not wait for it: the renewal goes on by itself.
        """
        memory = self._users.of(user).memory
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
        known = self._users.of(user)
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
            asking = Asking(self._task(self._issued(user, known, audience)))
            known.asking[name] = asking
            asking.task.add_done_callback(lambda _: known.asking.pop(name, None))
        # An answer that comes later is for those who ask again: they wait for no call that is
        # overdue already.
        now = time.monotonic()
        sent = known.asking_since or asking.exchange_since or now
        left = sent + self._settings.calls.timeout_s + 1 - now
        await asyncio.wait({asking.task}, timeout=max(0.0, left))
        if not asking.task.done():
            raise _late()
        return asking.task.result()

    async def drain(self, limit_s: float) -> None:
        """Finish what is in flight and begin no more, for a hub that is about to end.

        What the database could not store before is saved once more.

        Parameters
        ----------
        limit_s : float
            How long to wait for the provider's answers, seconds.
        """
        self._provider.retire()
        unsaved = [known for known in self._users if known.memory.unsaved]
        for known in unsaved:
            self._renewal(known.user, lambda _: False)
        await self.in_flight.finish(limit_s)

    async def _issued(self, user: User, known: Known, audience: Audience) -> Issued:
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
        session = await self._renewal(user, _is_short)
        try:
            return session, await self._exchange(user, session, audience)
        except RefusedError:
            # A provider says the same of a token whose session has ended: ask about that.
            dead = session.access_token
            session = await self._renewal(user, lambda newest: newest.access_token == dead)
        try:
            return session, await self._exchange(user, session, audience)
        except RefusedError as e:
            raise self._refused(user, e, audience) from e

    async def _exchange(self, user: User, session: Session, audience: Audience) -> TokenAnswer:
        asking = self._users.of(user).asking[audience.name]
        asking.exchange_since = time.monotonic()
        try:
            return await self._provider.exchange(session.access_token, audience)
        finally:
            asking.exchange_since = None

    async def _narrowed(self, user: User, audience: Audience) -> tuple[Session, TokenAnswer]:
        answers: list[TokenAnswer] = []

        async def ask(session: Session) -> TokenAnswer:
            answers.append(await self._provider.narrow(session.refresh_token, audience))
            return answers[-1]

        try:
            session = await self._renewal(user, lambda _: True, ask)
            check_audience(answers[-1], audience)
        except RefusedError as e:
            raise self._refused(user, e, audience) from e
        return session, answers[-1]

    def _refused(self, user: User, error: RefusedError, audience: Audience) -> ConfigurationError:
        number = self._settings.tokens.audiences.index(audience)
        other = (
            ""
            if self._settings.method == "refresh"
            else f" If it does not offer token exchange, set {PATH}.tokens.method to refresh."
        )
        reason = sentence(str(error.details.get("reason")))
        self._log.error("No token for %s: %s", audience.name, reason)
        refusal = ConfigurationError(
            f"The identity provider refuses a token for {audience.name} ({reason}).",
            hint=f"The administrators of this hub should allow its client {audience.aud} at the"
            f" provider, or correct {PATH}.tokens.audiences[{number}].{other}",
        )
        until = time.monotonic() + REFUSED_S
        self._users.of(user).refused[audience.name] = until, refusal
        return refusal

    async def _renewed(
        self, user: User, due: Callable[[Session], bool], *, wait_s: float
    ) -> Session:
        """Return the newest session, renewed if it is due, unless that takes too long.

        The renewal goes on if the caller does not wait for its end: it must be saved.
        """
        known = self._users.of(user)
        wait_s = min(wait_s, self._settings.calls.timeout_s + 1)
        work = None
        if known.asking_since is None or time.monotonic() - known.asking_since < wait_s:
            work = self._renewal(user, due)
            await asyncio.wait({work}, timeout=wait_s)
        if work is None or not work.done():
            raise _late()
        return work.result()

    def _renewal(
        self,
        user: User,
        due: Callable[[Session], bool],
        ask: Callable[[Session], Awaitable[TokenAnswer]] | None = None,
    ) -> asyncio.Task[Session]:
        """Renew the session if it is due, whatever becomes of the caller."""
        work: asyncio.Task[Session] = self._task(
            self._in_turn(user, self._users.of(user), due, ask)
        )
        self.in_flight.renewing(work)
        return work

    async def _in_turn(
        self,
        user: User,
        known: Known,
        due: Callable[[Session], bool],
        ask: Callable[[Session], Awaitable[TokenAnswer]] | None,
    ) -> Session:
        began = time.monotonic()
        async with known.lock:
            if known.failure is not None and known.failed_at >= began:
                # While we waited. Asking again would take as long, or be refused again.
                raise known.failure
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
                await self._store.save(user, known.memory, stored, session.without_tokens())
                raise
            except RemoteError as e:
                REFRESHES.labels("unavailable").inc()
                known.failure, known.failed_at = e, time.monotonic()
                raise
            except ConfigurationError as e:
                REFRESHES.labels("refused").inc()
                known.failure, known.failed_at = e, time.monotonic()
                raise
            finally:
                known.asking_since = None
            REFRESHES.labels("ok").inc()
            session = session.renewed(answer, narrowed=ask is not None)
            # Before anything else: the old refresh token may no longer be valid.
            stored = await self._store.save(user, known.memory, stored, session)
            if ask is None:
                await self._look_at(user, known, stored, answer)
            return session

    async def _look_at(self, user: User, known: Known, stored: Stored, answer: TokenAnswer) -> None:
        """Bring groups up to date; end the session of a user who may no longer use the hub."""
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
            await self._store.save(user, known.memory, stored, session.without_tokens())
            raise
        if not welcome:
            self._log.warning("%s may no longer use this hub.", user.name)
            await self._store.save(user, known.memory, stored, session.without_tokens())
            raise SessionEndedError(
                "You may no longer use this hub.",
                hint="Ask its administrators, then sign in again.",
            )
        if claims != stored.claims:
            await self._store.save(user, known.memory, replace(stored, claims=claims), session)

    def _is_recent(self, session: Session) -> bool:
        return 0 <= time.time() - session.checked_at < self._settings.oidc.recheck_s

    def _task(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # so that asyncio does not log a failure whose caller has gone


def _late() -> EscapeError:
    return unavailable("The identity provider does not answer in time.")


def ended() -> SessionEndedError:
    """Return the error of a session that has ended."""
    return SessionEndedError(
        "Your session at the identity provider has ended.", hint="Sign in again."
    )


def _is_short(session: Session) -> bool:
    """Whether the session's access token may expire before an exchange is done."""
    return session.expires_at - time.time() < 20 or not session.access_token
