"""Rucio's transfer tool for two sites on one disk: it copies files between their folders."""

# These modules run as the package "lake", in an environment that has no escape_vre.
# ruff: noqa: TID252

import logging
import shutil
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from rucio.core import transfer
from rucio.core.request import DirectTransfer
from rucio.db.sqla.constants import RequestState
from rucio.transfertool.mock import MockTransferStatusReport, MockTransfertool

from ..layout import Layout, Ports

_LOG = logging.getLogger(__name__)


class CopyReport(MockTransferStatusReport):
    """What became of one file."""

    supported_db_fields = ["state", "external_id", "err_msg"]  # noqa: RUF012 - the parent's form

    def __init__(self, request_id: str, external_id: str, problem: str | None) -> None:
        super().__init__(request_id, external_id)
        self.state = RequestState.FAILED if problem else RequestState.DONE
        self.err_msg = problem


class CopyTransfertool(MockTransfertool):
    """Copies while it submits: there is no third party that could do it later.

    It carries the stock mock's name because Rucio's table of tools is closed.
    """

    supported_schemes = {"https"}  # noqa: RUF012 - the parent's form
    layout: Layout
    ports: Ports
    problems: dict[str, str] = {}  # noqa: RUF012 - shared by all instances: Rucio makes many

    def submit(
        self,
        transfers: Iterable[DirectTransfer],
        job_params: dict[str, str],
        timeout: int | None = None,
    ) -> str:
        """Copy every file; what fails is reported when Rucio asks."""
        for one in transfers:
            try:
                self._copy(self._path(one.source_url(one.src)), self._path(one.dest_url))
            except OSError as error:
                self.problems[one.rws.request_id] = f"copy failed: {error.strerror}"
                _LOG.exception("transfer of %s:%s failed", one.rws.scope, one.rws.name)
        return str(uuid.uuid4())

    def bulk_query(
        self,
        requests_by_eid: Mapping[str, Mapping[str, Any]],
        timeout: int | None = None,
    ) -> dict[str, dict[str, CopyReport]]:
        """Report on transfers by their ids."""
        return {
            transfer_id: {
                request_id: CopyReport(request_id, transfer_id, self.problems.pop(request_id, None))
                for request_id in requests
            }
            for transfer_id, requests in requests_by_eid.items()
        }

    def _path(self, url: str) -> Path:
        parts = urlsplit(url)
        for site, port in self.ports["sites"].items():
            if port == parts.port:
                names = [name for name in unquote(parts.path).split("/") if name]
                return self.layout.site(site).joinpath(*names)
        raise FileNotFoundError(2, "no site of this lake has this URL")

    @staticmethod
    def _copy(source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{uuid.uuid4().hex}")
        try:
            shutil.copyfile(source, part)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)


def register(layout: Layout, ports: Ports) -> None:
    """Make Rucio use this tool."""
    CopyTransfertool.layout = layout
    CopyTransfertool.ports = ports
    transfer.TRANSFERTOOL_CLASSES_BY_NAME[CopyTransfertool.external_name] = CopyTransfertool
