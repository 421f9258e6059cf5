"""How a request carries a Rucio token, and what Rucio's refusals mean (Rucio 41)."""

from collections.abc import Mapping

import httpx

from escape_vre.core.client import Dialect
from escape_vre.core.errors import (
    AuthError,
    BadResponseError,
    ConflictError,
    DeniedError,
    EscapeError,
    NotFoundError,
    QuotaError,
    RemoteUnavailableError,
    UsageError,
)
from escape_vre.core.http import BusyError
from escape_vre.core.retry import BUSY, retry_after
from escape_vre.core.tokens import Token
from escape_vre.services.datalake.intake import sentence
from escape_vre.services.datalake.refusals import MEANINGS

_NAMES = ("name", "did", "dids", "scope", "attachment", "attachments", "collection", "collections")
"""What Rucio validates when a name is not allowed."""


class FailedError(RemoteUnavailableError):
    """Rucio answers, and fails at this request: it may do so each time."""


class RucioDialect(Dialect):
    """What :class:`escape_vre.core.client.AuthorisedClient` has to know about a Rucio server.

    Parameters
    ----------
    title : str
        What to call the server in messages.
    """

    def __init__(self, title: str) -> None:
        self.title = title

    def credentials(self, token: Token) -> Mapping[str, str]:
        """Return the header that carries a token."""
        return {"X-Rucio-Auth-Token": token.value}

    def refusal(self, response: httpx.Response) -> EscapeError:
        """Convert a refusal of Rucio, by status and exception class."""
        return _refusal(response, self.title)

    def nonsense(self) -> EscapeError:
        """Return the error for an answer that no Rucio gives."""
        return BadResponseError(
            f"The answer of {self.title} does not follow Rucio's protocol.",
            hint="Check that its URL is a Rucio server of version 35 or newer.",
        )

    def broken_off(self, why: str) -> EscapeError:
        """Return the error for a list that ends before its end."""
        return BadResponseError(
            f"{self.title} broke off the list: {why}.",
            hint="The list is incomplete. Try again.",
        )


def _refusal(response: httpx.Response, title: str) -> EscapeError:
    """Convert a refusal of Rucio, by status and exception class."""
    status = response.status_code
    kind, said = _reason(response)
    if invalid := _invalid(said, title):
        return invalid
    if meaning := MEANINGS.get(kind):
        return meaning.of(title, said or kind)
    if status == 401:
        return AuthError(f"{title} no longer accepts your sign-in.", hint="Sign in again.")
    if status == 403:
        return DeniedError(
            f"{title} does not allow this: {said or 'access denied'}.",
            hint="Ask the owner of the data, or use another account.",
        )
    if status == 404 and kind:
        return NotFoundError(
            f"{title} did not find this: {said or kind}.",
            hint="Check the spelling of scope and name.",
        )
    if status == 409:
        return ConflictError(
            f"{title} refused the request: {said or kind}.", hint="Choose another name."
        )
    if status == 413 or "Quota" in kind:
        return QuotaError(
            f"{title} refused the request because the quota is used up: {said}.",
            hint="Ask the site for more quota.",
        )
    if status in (400, 406) and kind:
        return UsageError(
            f"{title} does not accept the request: {said or kind}.", hint="Check scope and name."
        )
    if status in BUSY:
        busy = BusyError(
            f"{title} is too busy or down (status {status}).", hint="Try again in a moment."
        )
        busy.after_s = retry_after(response.headers)
        return busy
    if status >= 500:
        return FailedError(
            f"{title} failed ({status}{': ' + said if said else ''}).",
            hint="Try again. If it continues, tell the administrators of the data lake.",
        )
    return BadResponseError(
        f"{title} answered with status {status}, which does not follow Rucio's protocol.",
        hint="Check its URL in the configuration.",
    )


def _invalid(said: str, title: str) -> UsageError | None:
    """Return the error for what Rucio's schema does not allow: a 400, or a 500 in Rucio 41."""
    _, found, rest = said.partition("Problem validating ")
    if not found:
        return None
    what, _, why = rest.partition(":")
    if what.strip() in _NAMES:
        return UsageError(
            f"{title} does not allow this name.",
            hint="A name has letters, digits and . - _ /; a colon separates it from its scope.",
            details={"said": sentence(why)},
        )
    return UsageError(
        f"{title} does not accept the {what.strip()}: {_first(why)}.", hint="Check what you gave."
    )


def _first(text: str) -> str:
    """Return the first line of a message: a schema and an object follow it."""
    return (text.strip().splitlines() or [""])[0].rstrip(".") or "it is not valid"


def _reason(response: httpx.Response) -> tuple[str, str]:
    """Return the class and the message of Rucio's exception, from the headers or the body."""
    try:
        body = response.json()
    except ValueError:
        body = None
    fields = body if isinstance(body, dict) else {}
    names = ("ExceptionClass", "ExceptionMessage")
    kind, said = (sentence(response.headers.get(name) or fields.get(name)) for name in names)
    return kind, said
