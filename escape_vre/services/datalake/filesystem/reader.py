"""Reads ranges of one file from its replicas: the next one where one fails.

The bytes of one file never come from two versions of it: what a storage says of a file (ETag,
Last-Modified, size) must stay what it was at the first read.
"""

import http.client
import os
import re
import threading
import time
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

from escape_vre.core.errors import (
    AuthError,
    BadResponseError,
    EscapeError,
    IntegrityError,
    NotFoundError,
)
from escape_vre.jobs.transfer.address import Address
from escape_vre.jobs.transfer.connections import Answer, Connections
from escape_vre.jobs.transfer.refusals import BusyError, refusal, storage_error, wrong_size
from escape_vre.services.datalake.filesystem.access import KernelAccess, Redirected
from escape_vre.services.datalake.filesystem.pool import pool

PAUSES_S = (0.5, 2.0, 6.0)
"""How long busy storages are left alone before they are asked again, unless they say so."""
SHORT_BYTES = 64 * 1024
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")

Ask = Callable[[str | None], dict[str, Any]]
"""Asks the agent for the sources of the file; with the SHA-256 of a token that was refused."""


class ChangedError(IntegrityError):
    """The file was replaced at a storage while it was read."""

    retryable = False


class NoRangesError(BadResponseError):
    """A file can be had as a whole only."""


class Reader:
    """Reads one file; safe to call from any thread, and in a fork.

    ``size`` is in bytes; ``may_download`` tells whether the whole file may be got instead.

    Parameters
    ----------
    ask : callable
        Asks the agent; again when a signature or token has ended.
    answer : dict
        What the agent has said.

    Raises
    ------
    NoRangesError
        Its size is not known.
    """

    def __init__(self, ask: Ask, answer: dict[str, Any]) -> None:
        self._ask = ask
        self._lock = threading.RLock()
        size = answer["file"]["bytes"]
        if size is None:
            raise NoRangesError(
                "The catalogue does not say how large this file is, so that no part of it can be"
                " read.",
                hint="Get the file with %dl get.",
            )
        self.size = int(size)
        self.may_download = answer["download"] != "never"
        self._access = KernelAccess(answer["credentials"], self._renew)
        self._order = _addresses(answer)
        self._direct: dict[str, Address] = {}
        self._versions: dict[str, tuple[str, str]] = {}
        _readers.add(self)

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes from ``start`` to before ``end``, fewer at the end of the file.

        Raises
        ------
        ChangedError
            The file is not the one that was read before.
        EscapeError
            No replica can be read; the reason of the one that tells most.
        """
        end = min(end, self.size)
        if start >= end:
            return b""
        renewed = False
        round_ = 0
        while True:
            data, error, busy = self._from_any(start, end)
            if error is None:
                return data
            if not renewed and isinstance(error, AuthError | NotFoundError):
                renewed = True  # signed addresses end, and files move
                self._renew(None)
            elif busy is not None and round_ < len(PAUSES_S):
                time.sleep(PAUSES_S[round_] if busy.pause_s is None else busy.pause_s)
                round_ += 1
            else:
                raise error

    def _from_any(self, start: int, end: int) -> tuple[bytes, EscapeError | None, BusyError | None]:
        """Ask each replica once; returns the bytes, or why there are none."""
        error: EscapeError | None = None
        busy: BusyError | None = None
        for address in list(self._order):
            try:
                return self._at(address, start, end), None, None
            except ChangedError:
                raise
            except EscapeError as e:
                error = _worse(error, e)
                busy = e if isinstance(e, BusyError) else busy
                self._put_last(address)
        return b"", error or _no_address(), busy

    def _at(self, address: Address, start: int, end: int) -> bytes:
        """Read at one replica: at once where it has redirected us before, else at its door."""
        direct = self._direct.get(str(address))
        if direct is not None:
            try:
                return self._get(address, direct, Redirected(self._access), start, end)
            except ChangedError:
                raise
            except EscapeError:
                self._direct.pop(str(address), None)  # such addresses last for a while only
        return self._get(address, address, self._access, start, end)

    def _get(
        self,
        address: Address,
        first: Address,
        access: KernelAccess | Redirected,
        start: int,
        end: int,
    ) -> bytes:
        with pool.connections(timeout_s=self._access.timeout_s) as connections:
            answer = connections.get(
                first,
                access=access,
                control=pool.control,
                extra={"Range": f"bytes={start}-{end - 1}"},
                has_checksum=False,
            )
            data = self._taken(connections, answer, address, start, end)
        if answer.address.origin != address.origin:
            self._direct[str(address)] = answer.address
        return data

    def _taken(
        self, connections: Connections, answer: Answer, address: Address, start: int, end: int
    ) -> bytes:
        """Read an answer to its end; else its connection serves no other."""
        host = answer.address.host
        complete = False
        try:
            self._check(answer.response, address, host, start, end)
            data = answer.response.read(end - start)
            complete = answer.response.isclosed()
        except (OSError, http.client.HTTPException) as e:
            raise storage_error(e, host) from e
        except EscapeError:
            complete = _skipped(answer.response)
            raise
        finally:
            pool.control.unwatch(answer.connection.handle)
            if not complete:
                connections.drop(answer.connection)
        if len(data) < end - start:
            raise storage_error(http.client.IncompleteRead(data), host)
        return data

    def _check(
        self, response: http.client.HTTPResponse, address: Address, host: str, start: int, end: int
    ) -> None:
        """Raise unless this is the part that was asked for, of the file that was read before."""
        size = self.size
        if response.status == 416:
            raise wrong_size(size, "fewer", host)
        if response.status == 200:
            if (start, end) != (0, size) or response.length != size:
                raise NoRangesError(
                    f"The storage {host} gives no parts of files.",
                    hint="Get the file with %dl get, or tell the site.",
                )
        elif response.status != 206:
            raise refusal(response, host, self._access.problem())
        else:
            found = _RANGE.match(response.getheader("Content-Range", ""))
            if not found or (int(found[1]), int(found[2])) != (start, end - 1):
                raise BadResponseError(
                    f"The storage {host} sends another range than was asked for.",
                    hint="Tell the site; another replica may serve.",
                )
            if found[3] not in ("*", str(size)):
                raise wrong_size(size, found[3], host)
        self._check_version(response, address, host)

    def _check_version(
        self, response: http.client.HTTPResponse, address: Address, host: str
    ) -> None:
        said = response.getheader("ETag", ""), response.getheader("Last-Modified", "")
        before = self._versions.setdefault(str(address).partition("?")[0], said)
        # The date counts where there is no ETag only: machines behind one name may differ in it.
        if said[0] != before[0] or (not said[0] and said[1] != before[1]):
            raise ChangedError(
                f"The file has changed at {host} while it was read.",
                hint="Open it again. Data in the catalogue should not change: tell its owner.",
            )

    def _renew(self, refused: str | None) -> None:
        with self._lock:
            answer = self._ask(refused)
            if answer["credentials"] is None:
                return  # it is here by now; what was begun is read to its end
            self._access.take(answer["credentials"])
            self._order = _addresses(answer)
            self._direct.clear()

    def _put_last(self, address: Address) -> None:
        with self._lock:
            self._order = [one for one in self._order if one != address] + [address]

    def _after_fork(self) -> None:
        self._lock = threading.RLock()


def _addresses(answer: dict[str, Any]) -> list[Address]:
    """Return the replicas that make sense, the best first."""
    found = []
    for url in answer["urls"]:
        try:
            address = Address.read(url)
        except EscapeError:
            continue
        if not address.is_local:
            found.append(address)
    return found


def _skipped(response: http.client.HTTPResponse) -> bool:
    """Read a short answer that is not the file; tells whether that was all of it."""
    try:
        response.read(SHORT_BYTES)
    except (OSError, http.client.HTTPException):
        return False
    return response.isclosed()


def _worse(first: EscapeError | None, second: EscapeError) -> EscapeError:
    """Keep the error that tells most: one about the bytes or rights before one about a network."""
    return first if isinstance(first, IntegrityError | AuthError) else second


def _no_address() -> EscapeError:
    return NotFoundError(
        "The catalogue gives no address of this file that can be read here.",
        hint="Look at its replicas with %dl info.",
    )


_readers: WeakSet[Reader] = WeakSet()


def _after_fork() -> None:
    for reader in _readers:
        reader._after_fork()  # noqa: SLF001 — our own


os.register_at_fork(after_in_child=_after_fork)
