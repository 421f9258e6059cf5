"""A storage that speaks WebDAV: RFC 4918, and Want-Digest of RFC 3230 for checksums."""

import base64
import binascii
import hashlib
import http.client
import re
from collections.abc import Mapping
from urllib.parse import quote

from escape_vre.core.errors import BadResponseError, EscapeError, NotFoundError
from escape_vre.core.service import StorageAccess
from escape_vre.jobs.transfer.address import Address
from escape_vre.jobs.transfer.connections import Answer, Connections, Sent
from escape_vre.jobs.transfer.control import Control
from escape_vre.jobs.transfer.outgoing import Outgoing
from escape_vre.jobs.transfer.refusals import cut, refusal, storage_error
from escape_vre.jobs.transfer.sink import Adler32
from escape_vre.jobs.transfer.store import Found

_LENGTH = re.compile(rb"<(?:\w+:)?getcontentlength[^>]*>\s*(\d{1,18})\s*<")
_CHECKSUMS = re.compile(rb"\b(ADLER32|MD5):([0-9a-f]{8,32})\b", re.IGNORECASE)
_DIGITS = {"adler32": 8, "md5": 32}
_READ_BYTES = 1024 * 1024


class DavStore:
    """Asks one worker's storages over its connections.

    Parameters
    ----------
    plain_sums : set of str
        Hosts that tell no checksums by PROPFIND, which are not asked again; shared by workers.
    """

    def __init__(
        self,
        connections: Connections,
        access: StorageAccess,
        control: Control,
        plain_sums: set[str],
    ) -> None:
        self._connections = connections
        self._access = access
        self._control = control
        self._plain_sums = plain_sums

    def look(self, at: Address) -> Found | None:
        """Return size and checksums: HEAD with ``Want-Digest``, then PROPFIND."""
        answer, _ = self._ask("HEAD", at, {"Want-Digest": "adler32, md5"})
        response = answer.response
        if response.status in (404, 410):
            return None
        if response.status == 200:
            length = response.getheader("Content-Length", "")
            size = int(length) if length.isdecimal() and len(length) < 19 else None
            sums = _digests(response.getheader("Digest", ""))
            if sums or at.site in self._plain_sums:
                return Found(size, sums)
            found = self._properties(at)
            if found is None or not found.checksums:
                self._plain_sums.add(at.site)
            if found is None:
                return Found(size)
            return Found(found.bytes if size is None else size, found.checksums)
        if response.status in (400, 405, 501):
            return self._properties(at)
        raise self._refused(answer, "look at")

    def _properties(self, at: Address) -> Found | None:
        answer, body = self._ask("PROPFIND", at, {"Depth": "0"})
        if answer.response.status != 207:
            return None
        length = _LENGTH.search(body)
        sums = {}
        for kind, value in _CHECKSUMS.findall(body):
            name = kind.decode().lower()
            if len(value) == _DIGITS[name]:
                sums[name] = value.decode().lower()
        return Found(int(length[1]) if length else None, sums)

    def put(self, at: Address, body: Outgoing) -> None:
        """Store a file; where the storage wants folders to be made first, they are."""
        answer, _ = self._ask("PUT", at, body=body)
        if answer.response.status in (404, 409) and self._make_folder(_parent(at)):
            answer, _ = self._ask("PUT", at, body=body)
        if answer.response.status not in (200, 201, 204):
            raise self._refused(answer, "write")

    def _make_folder(self, at: Address) -> bool:
        """Make a folder and those above it (MKCOL); False where that is not possible."""
        if at.target == "/":
            return False
        answer, _ = self._ask("MKCOL", at)
        if answer.response.status in (404, 409) and self._make_folder(_parent(at)):
            answer, _ = self._ask("MKCOL", at)
        return answer.response.status in (200, 201, 204, 405)  # 405: it is there

    def move(self, at: Address, to: Address) -> bool:
        """Rename a file, never over another (MOVE with ``Overwrite: F``)."""
        answer, _ = self._ask("MOVE", at, {"Destination": str(to), "Overwrite": "F"})
        if answer.response.status in (201, 204):
            return True
        if answer.response.status == 412:
            return False
        if answer.response.status in (404, 410):
            raise NotFoundError(
                f"The storage {at.host} has lost the file that it had just taken.",
                hint="Try again, or tell the site.",
            )
        raise self._refused(answer, "rename")

    def remove(self, at: Address) -> bool:
        """Delete a file (DELETE)."""
        answer, _ = self._ask("DELETE", at)
        if answer.response.status in (404, 410):
            return False
        if answer.response.status not in (200, 202, 204):
            raise self._refused(answer, "delete")
        return True

    def sums(self, at: Address, size: int) -> Mapping[str, str]:
        """Read the file back."""
        answer = self._send("GET", at, {}, None)
        response, control = answer.response, self._control
        adler32, md5 = Adler32(), hashlib.md5(usedforsecurity=False)
        done = 0
        try:
            if response.status != 200:
                raise self._refused(answer, "read")
            while block := response.read1(_READ_BYTES):
                control.check()
                self._connections.pace.advance(len(block))
                adler32.update(memoryview(block))
                md5.update(block)
                done += len(block)
                if done > size:
                    break
        except (OSError, http.client.HTTPException) as e:
            control.check()
            raise storage_error(e, at.host) from e
        finally:
            control.unwatch(answer.connection.handle)
            if not response.isclosed():
                self._connections.drop(answer.connection)
        if done < size:
            raise cut(at.host)
        return {"adler32": adler32.hexdigest(), "md5": md5.hexdigest()}

    def _ask(
        self,
        method: str,
        at: Address,
        headers: Mapping[str, str] | None = None,
        body: Sent | None = None,
    ) -> tuple[Answer, bytes]:
        """Send a request and return its answer, read to its end."""
        answer = self._send(method, at, headers or {}, body)
        said = self._connections.put_by(answer, self._control)
        self._control.check()
        return answer, said

    def _send(
        self, method: str, at: Address, headers: Mapping[str, str], body: Sent | None
    ) -> Answer:
        return self._connections.send(
            method,
            at,
            access=self._access,
            control=self._control,
            extra=headers,
            has_checksum=True,
            body=body,
        )

    def _refused(self, answer: Answer, act: str) -> EscapeError:
        response, host = answer.response, answer.address.host
        if response.status in (405, 501):
            return BadResponseError(
                f"The storage {host} does not let programs {act} files ({response.status}).",
                hint="Choose another RSE, or tell the site.",
            )
        if response.status in (404, 409, 410):
            return BadResponseError(
                f"The storage {host} could not {act} the file ({response.status}).",
                hint="Tell the site, or choose another RSE.",
            )
        return refusal(response, host, self._access.problem(), act=act)


def beside(at: Address, name: str) -> Address:
    """Return the address of another name in the same folder."""
    return Address(at.origin, f"{at.target.rpartition('/')[0]}/{quote(name)}")


def _parent(at: Address) -> Address:
    return Address(at.origin, at.target.rstrip("/").rpartition("/")[0] or "/")


def _digests(header: str) -> dict[str, str]:
    """Read ``adler32=03da0195,md5=HEX-or-BASE64`` (RFC 3230); what makes no sense is left out."""
    found: dict[str, str] = {}
    for item in header.split(","):
        name, _, value = item.strip().partition("=")
        name, value = name.strip().lower(), value.strip()
        digits = _DIGITS.get(name)
        if digits is None:
            continue
        if len(value) <= digits and re.fullmatch(r"[0-9a-fA-F]+", value):
            found[name] = value.lower().zfill(digits)
        elif (octets := _base64(value)) and len(octets) * 2 == digits:
            found[name] = octets.hex()
    return found


def _base64(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return b""
