"""Whether a storage can be read, and written to; blocking, in a thread."""

import http.client
import uuid

from escape_vre.core.checks import Finding
from escape_vre.core.errors import EscapeError
from escape_vre.core.service import StorageAccess
from escape_vre.jobs.transfer.address import Address
from escape_vre.jobs.transfer.connections import Connection, Connections, Route
from escape_vre.jobs.transfer.control import Control
from escape_vre.jobs.transfer.pace import Pace
from escape_vre.jobs.transfer.refusals import refusal, storage_error

RANGE_BYTES = 1024
_CONTENT = b"escape-vre doctor: this file may be removed.\n"
_DONE = (200, 201, 202, 204)


def read_range(url: str, access: StorageAccess, control: Control, *, timeout_s: float) -> Finding:
    """Read the first bytes of a file.

    Raises
    ------
    EscapeError
        The storage cannot be reached, or refuses.
    """
    connections = Connections(timeout_s=timeout_s)
    try:
        answer = connections.get(
            Address.read(url),
            access=access,
            control=control,
            extra={"Range": f"bytes=0-{RANGE_BYTES - 1}"},
            has_checksum=True,
        )
        host = answer.address.host
        if answer.response.status not in (200, 206):
            raise refusal(answer.response, host, access.problem())
        try:
            data = answer.response.read(RANGE_BYTES)
        except (OSError, http.client.HTTPException) as e:
            raise storage_error(e, host) from e
    finally:
        connections.close()
    if answer.response.status == 200 and len(data) == RANGE_BYTES:
        hint = "Parts of files are read slowly from there, such as previews."
        return Finding("warning", f"{host} can be read, but sends whole files only.", hint)
    return Finding("ok", f"{len(data):,} bytes were read from {host}.")


def write_once(
    folder: str, access: StorageAccess, control: Control, *, timeout_s: float
) -> Finding:
    """Write a small file that no catalogue knows, and remove it.

    Raises
    ------
    EscapeError
        The storage cannot be reached, or refuses to take it.
    """
    address = Address.read(f"{folder}/escape-vre-doctor-{uuid.uuid4().hex}")
    host = address.host
    status = _send("PUT", address, access, control, timeout_s, _CONTENT)
    if status not in _DONE:
        return Finding(
            "failed",
            f"{host} does not take a file ({status} {http.client.responses.get(status, '')}).",
            "Ask the site whether your account may write there.",
        )
    try:
        status = _send("DELETE", address, access, control, timeout_s, None)
    except EscapeError:
        status = 0
    if status not in _DONE:
        name = str(address).rpartition("/")[2]
        hint = "Ask the site to remove it, and whether your account may delete there."
        return Finding("warning", f"{host} took the file {name} and did not remove it.", hint)
    return Finding("ok", f"A small file was written to {host}, and removed.")


def _send(
    method: str,
    address: Address,
    access: StorageAccess,
    control: Control,
    timeout_s: float,
    body: bytes | None,
) -> int:
    """Send a request, without following redirects; returns the status of the answer."""
    origin = address.origin
    assert origin is not None  # noqa: S101 — see write_folder()
    url = str(address)
    headers = access.headers(url, refused={}, check=control.check)
    route = Route(origin, access.tls() if origin.secure else None, access.proxy(url))
    connection = Connection(route)
    try:
        connection.open(control, Pace(), timeout_s=timeout_s)
        connection.http.request(method, address.target, body=body, headers=dict(headers))
        response = connection.http.getresponse()
        response.read(RANGE_BYTES)
    except (OSError, http.client.HTTPException, ValueError) as e:
        raise storage_error(e, address.host) from e
    finally:
        control.unwatch(connection.handle)
        connection.close()
    return response.status
