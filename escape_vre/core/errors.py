"""The one tree of errors, from the wire to the notebook; standard library only.

Every error says what happened (``message``), what to do (``hint``), and whether trying again may
help. Third-party exceptions become one of
these once, in a service's ``client.py``; panels and magics show message and hint, never a
traceback.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from escape_vre.core.text import sentence


class EscapeError(Exception):
    """An error for the user.

    Parameters
    ----------
    message : str
        One sentence: what happened.
    hint : str
        One sentence: what to do; empty only if nothing can be done.
    details : dict, optional
        More details (never a secret), JSON-serialisable.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(
        self, message: str, *, hint: str = "", details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details or {}
        self.files: Sequence[Path] = ()
        """What had arrived when a get failed."""

    def __str__(self) -> str:
        return sentence(f"{self.message} {self.hint}")

    @property
    def worth_waiting(self) -> bool:
        """Whether a sign-in, or the recovery of a sign-in service, resolves this.

        ``details`` then have ``sign_in``, a URL where the user signs in, ``device``, an identity
        that the user can sign in to through the agent, or ``retry_after_s``.
        """
        return not self.details.keys().isdisjoint({"sign_in", "device", "retry_after_s"})

    @property
    def sentences(self) -> list[str]:
        """What happened, what to do, and where to sign in, if necessary; one line each."""
        where = self.details.get("sign_in")
        lines = [self.message, self.hint, f"Sign in: {where}" if where else ""]
        return [sentence(line) for line in lines if line]

    def as_dict(self) -> dict[str, Any]:
        """Return the error as it travels: code, message, hint, retryable, details."""
        return {
            "code": self.code,
            "message": sentence(self.message),
            "hint": sentence(self.hint),
            "retryable": self.retryable,
            "details": self.details,
        }

    @staticmethod
    def from_dict(fields: dict[str, Any]) -> "EscapeError":
        """Rebuild the error that :meth:`as_dict` gave; an unknown code is a plain EscapeError."""
        kind = _BY_CODE.get(str(fields.get("code")), EscapeError)
        return kind(
            str(fields.get("message") or "Something went wrong."),
            hint=str(fields.get("hint") or ""),
            details=fields.get("details") or {},
        )

    def _render_traceback_(self) -> list[str]:
        """Give IPython a few lines instead of a traceback."""
        first, *more = self.sentences
        return [f"{type(self).__name__}: {first}", *more]


class UsageError(EscapeError):
    """The request is not valid."""

    code = "usage"
    status = 400


class AuthError(EscapeError):
    """The service does not accept the user's identity or permissions."""

    code = "auth"
    status = 401


class DeniedError(AuthError):
    """The service knows the user, who may not do this: signing in again changes nothing."""

    code = "denied"
    status = 403


class NotFoundError(EscapeError):
    """The named thing does not exist, or is hidden from this account."""

    code = "not_found"
    status = 404


class ConflictError(EscapeError):
    """Something else already exists at the destination."""

    code = "conflict"
    status = 409


class QuotaError(EscapeError):
    """Not enough space: a disk is full, or a quota is used up."""

    code = "quota"
    status = 507


class IntegrityError(EscapeError):
    """The bytes differ from the catalogue's checksum or size."""

    code = "integrity"
    status = 502
    retryable = True


class ConfigurationError(EscapeError):
    """A setting is missing or wrong; the administrator of this installation can fix it."""

    code = "configuration"
    status = 500


class RemoteError(EscapeError):
    """A remote service failed."""

    code = "remote"
    status = 502
    retryable = True


class RemoteTimeoutError(RemoteError):
    """A remote service did not answer in time."""

    code = "remote_timeout"
    status = 504


class RemoteUnavailableError(RemoteError):
    """A remote service cannot be reached, or reports that it is down."""

    code = "remote_unavailable"
    status = 503


class BadResponseError(RemoteError):
    """The answer of a remote service does not follow its protocol."""

    code = "bad_response"


class AgentUnavailableError(RemoteError):
    """The agent, our own background process, cannot be started or reached."""

    code = "agent_unavailable"
    status = 503


class CancelledJobError(EscapeError):
    """The job was cancelled, here or from another window."""

    code = "cancelled"
    status = 409
    retryable = True


def _tree(kind: type[EscapeError]) -> dict[str, type[EscapeError]]:
    found = {kind.code: kind}
    for child in kind.__subclasses__():
        found |= _tree(child)
    return found


_BY_CODE = _tree(EscapeError)

__all__ = [
    "AgentUnavailableError",
    "AuthError",
    "BadResponseError",
    "CancelledJobError",
    "ConfigurationError",
    "ConflictError",
    "DeniedError",
    "EscapeError",
    "IntegrityError",
    "NotFoundError",
    "QuotaError",
    "RemoteError",
    "RemoteTimeoutError",
    "RemoteUnavailableError",
    "UsageError",
]
