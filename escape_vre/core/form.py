"""Sign-in by a form: a password or personal token that a person types, kept by the agent.

It is never given back: clients send it once, and services use it where they sign in.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from weakref import WeakSet

from escape_vre.core.errors import AuthError, UsageError
from escape_vre.core.secret_store import Kept, SecretStore
from escape_vre.core.tokens import Token, TokenChain, jwt_expiry

FormKind = Literal["password", "token"]


@dataclass(frozen=True, slots=True)
class Typed:
    """What a person has typed; for a token, the user name is empty."""

    username: str
    secret: str = field(repr=False)


Check = Callable[[Typed, Mapping[str, str]], Awaitable[None]]
"""Signs in with what was typed, for a caller of this environment; raises EscapeError."""


class Form:
    """One identity that a person signs in to by typing a secret.

    Parameters
    ----------
    about : tuple of str
        What the secret is for, such as a service and its URL; equal ones share a secret.
    title : str
        What people call what they sign in to.
    username : str
        The user name to propose.
    login : str
        The command that signs in, such as ``%sky login``, for hints; empty for none.
    """

    def __init__(
        self,
        *about: str,
        title: str,
        kind: FormKind,
        username: str,
        store: SecretStore,
        check: Check,
        login: str = "",
    ) -> None:
        self.id = hashlib.sha256("\n".join((kind, *about)).encode()).hexdigest()[:16]
        self.title = title
        self.kind = kind
        self.username = username
        self._store = store
        self.check = check
        self._login = login
        self._chains: WeakSet[TokenChain] = WeakSet()

    async def keeps(self) -> Kept:
        """Return where a secret would be kept: in the system's keyring, or for the session."""
        return await self._store.keeps()

    async def typed(self) -> Typed | None:
        """Return what was typed last; None after a sign-out or a refusal."""
        kept = await self._store.read(self.id)
        try:
            found = json.loads(kept) if kept else None
            return Typed(str(found["username"]), str(found["secret"])) if found else None
        except (ValueError, TypeError, KeyError):  # not ours, or damaged
            return None

    async def needed(self) -> Typed:
        """Return what was typed last.

        Raises
        ------
        AuthError
            Nothing; ``details.device`` is our id.
        """
        found = await self.typed()
        if found is None:
            raise self.signed_out(f"You are not signed in to {self.title}.")
        return found

    async def sign_in(self, typed: Typed, environment: Mapping[str, str]) -> Kept:
        """Try a secret, and keep it if it is accepted; returns where.

        Raises
        ------
        EscapeError
            The user name is empty, the secret was refused, or it cannot be tried now. What
            was kept before is still kept.
        """
        if self.kind == "token":
            typed = Typed("", typed.secret.strip())
        elif not typed.username:
            raise UsageError("The user name is empty.", hint="Enter your user name.")
        await self.check(typed, environment)
        said = json.dumps({"username": typed.username, "secret": typed.secret})
        kept = await self._store.keep(self.id, said)
        self._tell()
        return kept

    async def sign_out(self) -> None:
        """Forget the secret, and every token that it has given."""
        await self._store.forget(self.id)
        self._tell()

    async def refused(self, typed: Typed, error: AuthError) -> AuthError:
        """Forget a secret that the service has refused; returns the error that asks for another."""
        if await self.typed() == typed:
            await self._store.forget(self.id)
        return self.signed_out(error.message)

    def serve(self, chain: TokenChain) -> TokenChain:
        """Have a chain start again after a sign-in or sign-out; returns it."""
        self._chains.add(chain)
        return chain

    def signed_out(self, message: str) -> AuthError:
        """Return the error that says where to sign in."""
        or_by = f", or with {self._login}" if self._login else ""
        return AuthError(
            message,
            hint=f"Sign in with the button in the panel{or_by}.",
            details={"device": self.id},
        )

    def _tell(self) -> None:
        for chain in list(self._chains):
            chain.clear()


class FormToken:
    """A personal token that a person types, as a token source."""

    def __init__(self, form: Form) -> None:
        self._form = form

    async def token(self, environment: Mapping[str, str]) -> Token | None:
        """Return the token; raises AuthError where there is none."""
        del environment
        secret = (await self._form.needed()).secret
        return Token(secret, jwt_expiry(secret))
