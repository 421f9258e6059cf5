"""Sessions as they are kept: sealed, in JupyterHub's auth state, and the newest in memory.

Only a sign-in and a renewal (under the user's lock) write an auth state. While JupyterHub's own
keys change, it saves what it read before, which may be older by then; and a commit can fail. So the
newest session is kept in memory, and an older one in the database does not replace it.
"""

import hashlib
import secrets
import time
from dataclasses import asdict, dataclass, field, replace
from logging import Logger
from typing import Any

from jupyterhub.crypto import EncryptionUnavailable, InvalidToken, decrypt, encrypt
from jupyterhub.user import User
from sqlalchemy.exc import InvalidRequestError, SQLAlchemyError

from escape_vre.hub.answers import SessionEndedError, TokenAnswer
from escape_vre.hub.sealing import Sealer

CLAIMS = "oauth_user"
"""Where oauthenticator, and every site's hook, expects the provider's claims."""

Claims = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Session:
    """The result of one sign-in."""

    issuer: str
    subject: str
    refresh_token: str = field(repr=False)
    access_token: str = field(repr=False)
    """The session's own access token, valid at the provider only."""
    expires_at: float
    """When the access token ends, seconds since 1970."""
    checked_at: float
    """When the provider last confirmed the session, seconds since 1970."""
    saved_at: int
    """When this was saved, nanoseconds since 1970: decides which of two is newer."""
    sign_in: str = field(default_factory=lambda: secrets.token_hex(8))
    """Which sign-in it was; renewals keep it."""
    ended: bool = False

    @classmethod
    def begin(
        cls, answer: TokenAnswer, *, issuer: str, subject: str, after: "Session | None" = None
    ) -> "Session":
        """Return the session that a sign-in begins, newer than the one that it replaces."""
        return cls(
            issuer=issuer,
            subject=subject,
            refresh_token=answer.refresh_token,
            access_token=answer.access_token,
            expires_at=answer.expires_at,
            checked_at=time.time(),
            saved_at=_later(after),
        )

    def renewed(self, answer: TokenAnswer, *, narrowed: bool) -> "Session":
        """Return the session after the provider renewed it.

        A narrowed access token is for one service and does not become the session's. Groups were
        not checked, so the session does not count as checked.
        """
        renewed = replace(
            self,
            # RFC 6749 section 6: no refresh token in the answer means that the old one stays.
            refresh_token=answer.refresh_token or self.refresh_token,
            saved_at=_later(self),
        )
        if narrowed:
            return renewed
        return replace(
            renewed,
            access_token=answer.access_token,
            expires_at=answer.expires_at,
            checked_at=time.time(),
        )

    def without_tokens(self) -> "Session":
        """Return the session after the provider ended it: its owner, without tokens."""
        return replace(self, refresh_token="", access_token="", ended=True, saved_at=_later(self))


@dataclass(slots=True)
class Memory:
    """What is in memory of one user's auth state."""

    digest: bytes = b""
    """Of the encrypted auth state that holds the session."""
    session: Session | None = field(default=None, repr=False)
    unsaved: bool = False
    """Whether the database holds an older session."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An auth state, as far as it could be opened."""

    encrypted: bytes | None
    session: Session | None = None
    claims: Claims = field(default_factory=dict)
    owner: tuple[str, str] | None = None
    """Issuer and subject, readable without our keys."""


class Store:
    """Reads and writes auth states."""

    def __init__(self, sealer: Sealer, log: Logger) -> None:
        self._sealer = sealer
        self._log = log

    def auth_state(self, user_name: str, session: Session, claims: Claims) -> dict[str, Any]:
        """Return what JupyterHub stores: the claims, and the session as ciphertext."""
        return {
            CLAIMS: claims,
            "escape": {
                "issuer": session.issuer,
                "subject": session.subject,
                "session": self._sealer.seal(user_name, asdict(session)),
            },
        }

    async def owner(self, user: User) -> tuple[str, str] | None:
        """Return issuer and subject of the person with this user name; None if unknown."""
        stored = await self._opened(user.name, user.orm_user.encrypted_auth_state)
        if stored.session:
            return stored.session.issuer, stored.session.subject
        return stored.owner

    async def session(self, user: User, memory: Memory) -> Session | None:
        """Return the user's session, decrypted only where it is not what was seen last."""
        while True:
            encrypted = user.orm_user.encrypted_auth_state
            if encrypted is not None and _digest(encrypted) == memory.digest:
                return memory.session
            stored = await self._opened(user.name, encrypted)
            if user.orm_user.encrypted_auth_state == encrypted:
                return self._remembered(user, memory, stored).session

    async def read(self, user: User, memory: Memory) -> Stored:
        """Return what is in the database now; the user's lock must be held.

        Raises
        ------
        SessionEndedError
            The user was deleted.
        """
        try:
            user.db.refresh(user.orm_user, ["encrypted_auth_state"])
        except InvalidRequestError as e:
            raise SessionEndedError("This user no longer exists.", hint="Sign in again.") from e
        stored = await self._opened(user.name, user.orm_user.encrypted_auth_state)
        return self._remembered(user, memory, stored)

    async def save(self, user: User, memory: Memory, stored: Stored, session: Session) -> Stored:
        """Save the session; the user's lock must be held.

        Only a sign-in can have written since ``stored`` was read; then the sign-in wins.
        """
        memory.session = session
        encrypted = await encrypt(self.auth_state(user.name, session, stored.claims))
        present = user.orm_user.encrypted_auth_state
        if present != stored.encrypted:
            found = (await self._opened(user.name, present)).session
            if found is None or found.sign_in != session.sign_in:
                self._log.info("%s has signed in or out in the meantime.", user.name)
                memory.session, memory.digest = None, b""
                return stored
        user.orm_user.encrypted_auth_state = encrypted
        try:
            user.db.commit()
        except SQLAlchemyError:
            user.db.rollback()
            self._log.exception("The session of %s could not be saved; memory has it.", user.name)
            memory.unsaved = True
        else:
            memory.unsaved = False
            memory.digest = _digest(encrypted)
        return replace(stored, encrypted=encrypted, session=session)

    def _remembered(self, user: User, memory: Memory, stored: Stored) -> Stored:
        newer = memory.session
        if newer and stored.session and newer.saved_at > stored.session.saved_at:
            if not memory.unsaved:
                self._log.warning("The session of %s in the database is an older one.", user.name)
            memory.unsaved = True
            return replace(stored, session=newer)
        memory.unsaved = False
        memory.session = stored.session
        memory.digest = _digest(stored.encrypted) if stored.encrypted is not None else b""
        return stored

    async def _opened(self, name: str, encrypted: bytes | None) -> Stored:
        if encrypted is None:
            return Stored(None)
        try:
            state = await decrypt(encrypted)
        except (ValueError, InvalidToken, EncryptionUnavailable):
            self._log.warning("None of the hub's keys decrypts the auth state of %s.", name)
            return Stored(encrypted)
        kept = state.get("escape") if isinstance(state, dict) else None
        if not isinstance(kept, dict):
            return Stored(encrypted)
        content = self._sealer.open(name, str(kept.get("session")))
        owner = str(kept.get("issuer")), str(kept.get("subject"))
        claims = state.get(CLAIMS) or {}
        try:
            session = Session(**content) if content else None
        except TypeError:  # written by another version
            session = None
        return Stored(encrypted, session, claims, owner)


def _later(than: Session | None) -> int:
    """Return the time, nanoseconds since 1970; later than before, whatever the clock did."""
    return max(time.time_ns(), than.saved_at + 1 if than else 0)


def _digest(encrypted: bytes) -> bytes:
    return hashlib.sha256(encrypted).digest()
