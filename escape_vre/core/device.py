"""Sign-in without a Hub: a code that a user enters elsewhere, then renewable tokens.

One code path for the panel's dialog and the commands.
"""

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from escape_vre.core.errors import AuthError, EscapeError, RemoteError
from escape_vre.core.network import Network
from escape_vre.core.oidc import DeviceCode, Grant, MalformedError, Pending, Provider
from escape_vre.core.refresh_file import RefreshFile
from escape_vre.core.tokens import Token, TokenChain

log = logging.getLogger(__name__)

SignInState = Literal["waiting", "done", "failed", "cancelled"]
SLOWER_S = 5.0
"""Increase of the polling interval after ``slow_down`` (RFC 8628 section 3.5), seconds."""
LONGEST_S = 60.0
REVOKE_S = 5.0
CLOSE_S = 3.0


@dataclass(slots=True)
class SignIn:
    """One sign-in in progress, or its result."""

    id: str
    code: DeviceCode
    state: SignInState = "waiting"
    error: EscapeError | None = None
    task: asyncio.Task[None] | None = None

    async def changed(self, timeout_s: float) -> None:
        """Return when it has ended, or after this many seconds."""
        if self.task is not None:
            await asyncio.wait([self.task], timeout=timeout_s)


class DeviceTokens:
    """One identity at one provider: a token source that a user can sign in to.

    Parameters
    ----------
    id : str
        What clients call it.
    title : str
        What people call what they sign in to.
    """

    def __init__(
        self, provider: Provider, file: RefreshFile, *, id: str, title: str, login: str
    ) -> None:
        self.id = id
        self.title = title
        self._login = login
        self.chain = TokenChain([self], service=title, hint="")
        self.sign_in: SignIn | None = None
        self._provider = provider
        self._file = file
        self._first: Token | None = None
        self._unsaved: str | None = None
        self._starting = asyncio.Lock()
        self._renewing = asyncio.Lock()

    def reach(self, network: Network) -> None:
        """Go to the provider as the latest caller does, from now on."""
        self._provider.reach(network)

    async def token(self, environment: Mapping[str, str]) -> Token | None:
        """Return a token, by the refresh token that is on disk.

        Raises
        ------
        AuthError
            The user is not signed in; ``details.device`` is our id.
        RemoteError
            The provider does not answer; ``details.retry_after_s``.
        """
        del environment
        first, self._first = self._first, None
        if first is not None and first.fresh:
            return first
        async with self._renewing, self._file.held():
            refresh_token = self._unsaved or await asyncio.to_thread(self._file.read)
            if refresh_token is None:
                raise self._signed_out(f"You are not signed in to {self.title}.")
            try:
                grant = await self._provider.refresh(refresh_token)
            except AuthError as e:
                self._unsaved = None
                await asyncio.to_thread(self._file.remove)
                raise self._signed_out(e.message) from e
            await self._keep(grant)
        return grant.token

    async def start(self) -> SignIn:
        """Begin a sign-in, or join the one in progress; raises EscapeError."""
        async with self._starting:
            under_way = self.sign_in
            if under_way is not None and under_way.state == "waiting":
                return under_way
            sign_in = SignIn(uuid.uuid4().hex[:16], await self._provider.start())
            sign_in.task = asyncio.create_task(self._follow(sign_in), name="device sign-in")
            self.sign_in = sign_in
            return sign_in

    async def cancel(self, sign_in: SignIn) -> None:
        """Stop waiting for the user."""
        if sign_in.task is not None and not sign_in.task.done():
            sign_in.task.cancel()
            await asyncio.wait([sign_in.task])
            if sign_in.state == "waiting":  # it had not begun
                sign_in.state = "cancelled"

    async def sign_out(self) -> None:
        """Forget the sign-in, here and at the provider if that answers."""
        async with self._file.held():
            refresh_token = await asyncio.to_thread(self._file.read)
            await asyncio.to_thread(self._file.remove)
        self._first = self._unsaved = None
        self.chain.clear()
        if refresh_token is not None:
            try:
                async with asyncio.timeout(REVOKE_S):
                    await self._provider.revoke(refresh_token)
            except (EscapeError, TimeoutError) as e:
                log.warning("the provider did not end the session: %s", e)

    async def close(self) -> None:
        """End sign-ins in progress, and close connections."""
        if self.sign_in is not None:
            await self.cancel(self.sign_in)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S), self._renewing:
                pass  # a rotated token is not lost because the agent ends
        await self._provider.close()

    async def _follow(self, sign_in: SignIn) -> None:
        """Poll, as often as the provider allows, until the user has finished."""
        try:
            grant = await self._finished(sign_in.code)
            async with self._file.held():
                await self._keep(grant)
            self._first = grant.token
            self.chain.clear()
            sign_in.state = "done"
        except asyncio.CancelledError:
            sign_in.state = "cancelled"
        except EscapeError as e:
            sign_in.state, sign_in.error = "failed", e
        except OSError as e:
            sign_in.state = "failed"
            sign_in.error = EscapeError(
                f"The sign-in cannot be saved: {e.strerror or e}.",
                hint="Free some space in your home directory, then sign in again.",
            )

    async def _finished(self, code: DeviceCode) -> Grant:
        interval_s = code.interval_s
        while time.time() < code.expires:
            await asyncio.sleep(interval_s)
            try:
                return await self._provider.finish(code)
            except Pending as e:
                interval_s += SLOWER_S if e.slower else 0
            except MalformedError:
                raise  # the provider takes the code for used
            except RemoteError:
                interval_s = min(interval_s * 2, LONGEST_S)
        raise AuthError("The code has expired.", hint="Sign in again for a new code.")

    async def _keep(self, grant: Grant) -> None:
        """Save the refresh token; if the disk is full, keep it in memory until there is space."""
        if grant.refresh_token is not None:
            self._unsaved = grant.refresh_token
            await asyncio.to_thread(self._file.save, grant.refresh_token)
            self._unsaved = None

    def _signed_out(self, message: str) -> AuthError:
        or_by = f", or with {self._login}" if self._login else ""
        return AuthError(
            message,
            hint=f"Sign in with the button in the panel{or_by}.",
            details={"device": self.id},
        )
