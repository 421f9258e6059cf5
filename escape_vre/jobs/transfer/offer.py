"""What a storage offers in answer to a GET, looked at before its body is read."""

import http.client
import re

from escape_vre.core.errors import BadResponseError
from escape_vre.core.service import FileSource, StorageAccess
from escape_vre.jobs.transfer.address import Address
from escape_vre.jobs.transfer.body import Body, Decoded, Reader
from escape_vre.jobs.transfer.refusals import refusal, web_page, wrong_size

SHORT_BYTES = 1024 * 1024
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_DECODED = ("gzip", "x-gzip", "deflate")
_PACKED_NAMES = (".gz", ".tgz", ".gzip", ".taz")
_PAGE_NAMES = (".html", ".htm", ".xhtml")


class Offer:
    """One answer.

    Parameters
    ----------
    first, last : Address
        What was asked, and what answered in the end.
    """

    def __init__(
        self, response: http.client.HTTPResponse, *, first: Address, last: Address
    ) -> None:
        self._response = response
        self._host = last.host
        self._elsewhere = first.origin != last.origin
        self._body = Body(response, last.host)
        self._done = False
        self.etag = response.getheader("ETag", "")[:1000]
        self.encoding = ""
        """How the body is compressed, so that it has to be decoded; empty as a rule."""

    @property
    def complete(self) -> bool:
        """Whether the answer was read to its end, so that its connection can serve another."""
        return self._done or self._body.complete

    @property
    def reader(self) -> Reader:
        """What reads the file's bytes."""
        return Decoded(self._body, self._host) if self.encoding else self._body

    def check(self, source: FileSource, offset: int, access: StorageAccess) -> None:
        """Compare with the part and the catalogue.

        Parameters
        ----------
        offset : int
            Where the part ends, bytes.
        access : StorageAccess
            What was shown to the storage, to explain a refusal.

        Raises
        ------
        EscapeError
            It is refused, or is not the file that was asked for.
        """
        response = self._response
        if response.status == 416:
            self._skip()
            raise wrong_size(source.bytes or 0, "fewer", self._host)
        if response.status not in (200, 206):
            error = refusal(response, self._host, access.problem())
            if (response.length or 0) < SHORT_BYTES:
                self._skip()
            raise error
        self._check_encoding(source)
        if response.status == 206:
            self._check_range(source, offset)
            return
        sized = None if self.encoding or response.chunked else response.length
        if self._is_page(source, sized):
            raise web_page(self._host, elsewhere=self._elsewhere)
        if source.bytes is not None and sized not in (None, source.bytes):
            raise wrong_size(source.bytes, str(sized), self._host)

    def _check_range(self, source: FileSource, offset: int) -> None:
        found = _RANGE.match(self._response.getheader("Content-Range", ""))
        if not found or int(found[1]) != offset or self.encoding:
            raise BadResponseError(
                f"The storage {self._host} sends another range than was asked for.",
                hint="Tell the site; another replica may serve.",
            )
        if source.bytes is not None and found[2] not in ("*", str(source.bytes)):
            raise wrong_size(source.bytes, found[2], self._host)

    def _check_encoding(self, source: FileSource) -> None:
        """Tell a body that is compressed on the way from a file that is compressed itself.

        Servers label a stored ``.gz`` file ``Content-Encoding: gzip`` too; its length is then the
        catalogue's.
        """
        said = self._response.getheader("Content-Encoding", "").strip().lower()
        if said in ("", "identity"):
            return
        length = None if self._response.chunked else self._response.length
        if source.bytes is not None and length is not None:
            itself = length == source.bytes
        else:
            itself = source.ref.lower().endswith(_PACKED_NAMES)
        if itself:
            return
        if said not in _DECODED:
            raise BadResponseError(
                f"The storage {self._host} sends the file compressed ({said[:20]!a}), which"
                " was not asked for.",
                hint="Tell the site; another replica may serve.",
            )
        self.encoding = said

    def _is_page(self, source: FileSource, sized: int | None) -> bool:
        """Tell a page for people, such as one to sign in, from a file that is one."""
        kind = self._response.getheader("Content-Type", "").partition(";")[0].strip().lower()
        if kind not in ("text/html", "application/xhtml+xml"):
            return False
        if source.ref.lower().endswith(_PAGE_NAMES) and not self._elsewhere:
            return False
        return source.bytes is None or sized != source.bytes

    def _skip(self) -> None:
        """Read a short answer that is not the file."""
        body = self._response.read(SHORT_BYTES)
        self._done = len(body) < SHORT_BYTES or self._response.isclosed()
