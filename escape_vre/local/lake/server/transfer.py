"""Rucio's transfer tool for sites on one disk: it copies files between their folders.

It takes the place of FTS: transfers last as long as ``Behaviour`` says, a few at a time, and a
transfer that fails is reported in FTS's words.
"""

# These modules run as the package "lake", in an environment that has no escape_vre.
# ruff: noqa: TID252

import errno
import logging
import math
import os
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from rucio.core import request, transfer
from rucio.core.request import DirectTransfer
from rucio.db.sqla.constants import RequestState
from rucio.transfertool.mock import MockTransferStatusReport, MockTransfertool

from ..behaviour import Current, bytes_stored
from ..layout import Layout, Ports
from ..rses import rses

_LOG = logging.getLogger(__name__)
_AT_ONCE = 4
_LOOK_S = 1.0
"""After so long a transfer that waits looks at the behaviour by itself: a signal may be missed."""
_REFUSED = "Result (Neon): Could not connect to server: Connection refused after 3 attempts"


@dataclass(frozen=True)
class Copy:
    """One file of a job that is to be copied from one site to another."""

    request_id: str
    job: str
    source: str
    target: str
    from_tape: bool


class Transfers:
    """Carries out transfers, and remembers how each ended until Rucio has asked."""

    def __init__(self, layout: Layout, ports: Ports, on_end: Callable[[], None]) -> None:
        self._layout = layout
        self._ports = ports
        self._rses = rses(layout)
        self._on_end = on_end
        self._behaviour = Current(layout.behaviour)
        self._changed = threading.Condition()
        self._running: dict[str, str] = {}
        self._ended: dict[str, str | None] = {}
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="transfer")

    def begin(self, copy: Copy) -> None:
        """Carry out a transfer, at once if transfers take no time."""
        with self._changed:
            self._running[copy.request_id] = copy.job
        if self._lasts(copy):
            self._threads.submit(self._later, copy)
        else:
            self._carry_out(copy)

    def cancel(self, job: str) -> None:
        """Forget a job; what is not yet copied is not copied."""
        with self._changed:
            self._running = {one: of for one, of in self._running.items() if of != job}
            self._changed.notify_all()

    def look(self) -> None:
        """Look at the behaviour again: transfers that wait may be due now."""
        with self._changed:
            self._changed.notify_all()

    def state(self, request_id: str) -> tuple[RequestState, str | None]:
        """Return how a transfer stands, and what went wrong if it FAILED."""
        with self._changed:
            if request_id in self._running:
                return RequestState.SUBMITTED, None
            if request_id not in self._ended:
                # From before a restart.
                return RequestState.LOST, None
            problem = self._ended.pop(request_id)
        return (RequestState.FAILED if problem else RequestState.DONE), problem

    def _lasts(self, copy: Copy) -> float:
        now = self._behaviour()
        return now.transfer_s + now.staging_s * copy.from_tape

    def _later(self, copy: Copy) -> None:
        began = time.monotonic()
        with self._changed:
            while copy.request_id in self._running:
                left_s = began + self._lasts(copy) - time.monotonic()
                if left_s <= 0:
                    break
                self._changed.wait(min(left_s, _LOOK_S))
        self._carry_out(copy)
        self._on_end()

    def _carry_out(self, copy: Copy) -> None:
        with self._changed:
            if copy.request_id not in self._running:
                return
        problem = self._problem(copy)
        with self._changed:
            if copy.request_id in self._running:
                del self._running[copy.request_id]
                self._ended[copy.request_id] = problem

    def _problem(self, copy: Copy) -> str | None:
        """Copy the file; return why it could not be, in the form of FTS."""
        now = self._behaviour()
        broken = now.broken
        source_rse, source = self._place(copy.source)
        target_rse, target = self._place(copy.target)
        if source_rse in broken:
            return broken[source_rse] or f"SOURCE [111] {_REFUSED}"
        if target_rse in broken:
            return broken[target_rse] or f"DESTINATION [111] DESTINATION MAKE_PARENT {_REFUSED}"
        try:
            if target_rse in now.capacity:
                stored = bytes_stored(self._layout.site(target_rse))
                _copy(source, target, room=now.capacity[target_rse] - stored)
            else:
                _copy(source, target)
        except FileNotFoundError:
            return "SOURCE [2] HTTP 404 : File not found"
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                said = "HTTP 507 : Insufficient Storage"
            else:
                _LOG.exception("transfer to %s failed", copy.target)
                said = str(error.strerror)
            return f"TRANSFER ERROR: Copy failed (3rd pull). Last attempt: {said}"
        return None

    def _place(self, url: str) -> tuple[str, Path]:
        """Return the RSE and the file of a URL."""
        parts = urlsplit(url)
        names = [name for name in unquote(parts.path).split("/") if name]
        rse, found = next(
            (rse, found)
            for rse, found in self._rses.items()
            if self._ports["sites"][found.host] == parts.port and found.prefix == f"/{names[0]}"
        )
        return rse, found.folder(self._layout).joinpath(*names[1:])


class CopyReport(MockTransferStatusReport):
    """What became of one file."""

    supported_db_fields = ["state", "external_id", "err_msg"]  # noqa: RUF012 - the parent's form

    def __init__(
        self, request_id: str, external_id: str, state: RequestState, problem: str | None
    ) -> None:
        super().__init__(request_id, external_id)
        self.state = state
        self.err_msg = request.get_transfer_error(state, problem)


class CopyTransfertool(MockTransfertool):
    """Carries the stock mock's name because Rucio's table of tools is closed."""

    supported_schemes = {"https"}  # noqa: RUF012 - the parent's form
    transfers: Transfers

    def group_into_submit_jobs(
        self, transfers: Iterable[list[DirectTransfer]]
    ) -> list[dict[str, Any]]:
        """Make a job of each rule's files: Rucio cancels whole jobs with their rule."""
        jobs: dict[str | None, list[DirectTransfer]] = {}
        for hops in transfers:
            jobs.setdefault(hops[-1].rws.rule_id, []).extend(hops)
        return [{"transfers": files, "job_params": {}} for files in jobs.values()]

    def submit(
        self,
        transfers: Iterable[DirectTransfer],
        job_params: dict[str, str],
        timeout: int | None = None,
    ) -> str:
        """Begin with every file of a job; returns its id."""
        job = str(uuid.uuid4())
        for one in transfers:
            source, target = one.source_url(one.src), one.dest_url
            from_tape = one.src.rse.is_tape()
            self.transfers.begin(Copy(one.rws.request_id, job, source, target, from_tape))
        return job

    def bulk_query(
        self,
        requests_by_eid: Mapping[str, Mapping[str, Any]],
        timeout: int | None = None,
    ) -> dict[str, dict[str, CopyReport]]:
        """Report on transfers by their ids, as far as they have ended."""
        reports: dict[str, dict[str, CopyReport]] = {}
        for job, requests in requests_by_eid.items():
            reports[job] = {}
            for request_id in requests:
                state, problem = self.transfers.state(request_id)
                if state != RequestState.SUBMITTED:
                    reports[job][request_id] = CopyReport(request_id, job, state, problem)
        return reports

    def cancel(self, transfer_ids: Iterable[str], timeout: int | None = None) -> bool:
        """Cancel jobs, for rules that are deleted before their transfers end."""
        for job in transfer_ids:
            self.transfers.cancel(job)
        return True

    def update_priority(
        self, transfer_id: str, priority: int, timeout: int | None = None
    ) -> dict[str, str]:
        """Take note: there is no queue in which it could be earlier."""
        return {"http_message": "200 OK"}


def _copy(source: Path, target: Path, *, room: float = math.inf) -> None:
    if source.stat().st_size > room:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{uuid.uuid4().hex}")
    try:
        shutil.copyfile(source, part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def register(layout: Layout, ports: Ports, on_end: Callable[[], None]) -> Transfers:
    """Make Rucio use this tool; ``on_end`` is called when a transfer that took time has ended."""
    CopyTransfertool.transfers = transfers = Transfers(layout, ports, on_end)
    transfer.TRANSFERTOOL_CLASSES_BY_NAME[CopyTransfertool.external_name] = CopyTransfertool
    # Rucio asks FTS to cancel a transfer or to change its priority, whatever tool carries it out.
    transfer.FTS3Transfertool = CopyTransfertool
    return transfers
