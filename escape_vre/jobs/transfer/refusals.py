"""What a failed connection, a refusal or wrong bytes of a storage mean, in a sentence each."""

import http.client
import socket
import ssl

from escape_vre.core.errors import (
    AuthError,
    BadResponseError,
    EscapeError,
    IntegrityError,
    NotFoundError,
    QuotaError,
    RemoteError,
    RemoteTimeoutError,
    RemoteUnavailableError,
)
from escape_vre.core.retry import BUSY, retry_after

MAX_PAUSE_S = 60.0


class BusyError(RemoteUnavailableError):
    """A storage that says, or shows, that trying again in a moment may help.

    ``pause_s`` is how long it wants to be left alone, seconds; None where it does not say.
    """

    pause_s: float | None = None


class OfHost:
    """Marks an error that says something of the whole storage, not of one file."""


class HostError(OfHost, RemoteError):
    """The storage cannot be spoken to."""


class HostTimeoutError(OfHost, RemoteTimeoutError):
    """The storage does not answer, or hardly."""


class HostUnavailableError(OfHost, RemoteUnavailableError):
    """The storage cannot be reached."""


def storage_error(error: Exception, host: str, *, overdue: bool = False) -> EscapeError:
    """Say what a failed connection means."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return HostError(
            f"The certificate of the storage {host} cannot be trusted: {error.verify_message}.",
            hint="The site must fix its certificate, or ca_file must name its authority.",
        )
    if isinstance(error, ssl.SSLError):
        return HostError(
            f"The storage {host} refuses the encrypted connection"
            f" ({(error.reason or 'TLS error').replace('_', ' ').lower()}).",
            hint="Check that your certificate or proxy is there and has not expired.",
        )
    if overdue or isinstance(error, TimeoutError):
        return HostTimeoutError(
            f"The storage {host} has stopped answering.", hint="Try again later."
        )
    if isinstance(error, socket.gaierror):
        return HostUnavailableError(
            f"The name of the storage {host} cannot be found.",
            hint="Check your network, or tell the site.",
        )
    if isinstance(error, ConnectionResetError | BrokenPipeError | http.client.IncompleteRead):
        return BusyError(f"The storage {host} broke off the connection.", hint="Try again later.")
    if isinstance(error, http.client.HTTPException | ValueError):
        return BadResponseError(
            f"The storage {host} answers something that is not HTTP.",
            hint="Tell the site; another replica may serve.",
        )
    return HostUnavailableError(
        f"The storage {host} cannot be reached.", hint="Try again later, or tell the site."
    )


def refusal(
    response: http.client.HTTPResponse, host: str, problem: str, *, act: str = "read"
) -> EscapeError:
    """Say what a storage's refusal means.

    Parameters
    ----------
    problem : str
        What is wrong with our credentials; a sentence, or empty.
    act : str
        What was tried with the file.
    """
    status = response.status
    said = f"{status} {http.client.responses.get(status, '')}".strip()
    if status in (401, 403):
        message = f"The storage {host} does not let you {act} this file ({status})."
        if problem:
            return AuthError(
                f"{message} {problem}",
                hint="Renew the certificate (for example with voms-proxy-init), or fix its path.",
            )
        return AuthError(message, hint="Sign in again, or ask the data's owner for access.")
    if status in (413, 507):
        return QuotaError(
            f"The storage {host} has no space for this file ({said}).",
            hint="Choose another RSE, or tell the site.",
        )
    if status in (404, 410):
        return NotFoundError(
            f"The storage {host} does not have the file that the catalogue says it has.",
            hint="Tell the site; another replica may serve.",
        )
    if status in BUSY:
        busy = BusyError(f"The storage {host} is busy ({said}).", hint="Try again later.")
        busy.pause_s = _pause(response)
        return busy
    if status >= 500:
        return RemoteUnavailableError(
            f"The storage {host} failed ({said}).", hint="Try again later, or tell the site."
        )
    return BadResponseError(
        f"The storage {host} refuses the request ({said}).", hint="Tell the site, or try again."
    )


def _pause(response: http.client.HTTPResponse) -> float | None:
    """Return what Retry-After asks for, within reason, seconds; None where it asks nothing."""
    names = ("Retry-After", "Date")
    seconds = retry_after({name: response.getheader(name, "") for name in names})
    return None if seconds is None else min(seconds, MAX_PAUSE_S)


def too_slow(host: str) -> EscapeError:
    """Say that a storage sends next to nothing."""
    return HostTimeoutError(
        f"The storage {host} sends too slowly.", hint="Try again later, or tell the site."
    )


def cut(host: str) -> EscapeError:
    """Say that a body ended before the file did."""
    return BusyError(
        f"The storage {host} ended the transfer before the file did.", hint="Try again."
    )


def mismatch(kind: str, expected: str, found: str, host: str) -> IntegrityError:
    """Say that the bytes of a replica are not the file's."""
    return IntegrityError(
        f"The bytes from {host} are not the ones in the catalogue"
        f" ({kind} {found}, promised {expected}).",
        hint="Nothing of it was kept; tell the site that this replica is damaged.",
    )


def wrong_size(expected: int, found: str, host: str) -> IntegrityError:
    """Say that a replica has another length than the file."""
    return IntegrityError(
        f"The storage {host} offers {found} bytes; the catalogue promises {expected}.",
        hint="Nothing of it was kept; tell the site that catalogue and storage disagree.",
    )


def web_page(host: str, *, elsewhere: bool) -> EscapeError:
    """Say that a page for people came in place of the file."""
    if elsewhere:
        return AuthError(
            f"The storage wants you to sign in: it sent the page of {host} in place of the file.",
            hint="Sign in again, or ask the site how programs sign in there.",
        )
    return BadResponseError(
        f"The storage {host} sent a web page in place of the file.",
        hint="You may have to sign in there; tell the site.",
    )
