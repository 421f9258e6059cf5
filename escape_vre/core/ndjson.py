"""Lists as they travel: NDJSON, one object a line, and a last line that says how it ended."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from escape_vre.core.errors import EscapeError

MEDIA_TYPE = "application/x-ndjson"
BATCH_ROWS = 500
BATCH_S = 0.02


@dataclass(slots=True)
class Tally:
    """What a list leaves out."""

    skipped: int = 0
    """Rows of the remote that make no sense."""


class ListResponse(StreamingResponse):
    """A list that begins with its first row, and ends at once when its reader goes.

    Starlette looks for a reader who goes once the answer has begun; ours may wait long for the
    first row, and the remote works meanwhile.
    """

    def __init__(self, lines: AsyncGenerator[bytes, None]) -> None:
        super().__init__(lines, media_type=MEDIA_TYPE)
        self._lines = lines

    async def stream_response(self, send: Send) -> None:
        """Send the list; what fails before its first line is raised, and no answer begun."""
        async with aclosing(self._lines) as lines:
            first = await anext(lines)
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": first, "more_body": True})
            async for line in lines:
                await send({"type": "http.response.body", "body": line, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; the source of the rows is closed, however it ends."""
        sending = asyncio.ensure_future(self.stream_response(send))
        leaving = asyncio.ensure_future(self.listen_for_disconnect(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        finally:
            for task in (sending, leaving):
                task.cancel()
            await asyncio.wait({sending, leaving})


def ndjson(
    rows: AsyncGenerator[BaseModel | None, None],
    *,
    end: Callable[[], dict[str, Any]] = dict,
    tally: Tally | None = None,
) -> ListResponse:
    """Answer with a list.

    The first row is waited for before the status is fixed, so that what fails at once is an
    ordinary error. What fails later ends the list with an ``error`` line. Otherwise the last line
    is ``{"end": {"count": n, "truncated": bool, "skipped": n}}``.

    Parameters
    ----------
    rows : async generator
        The rows; None where those before should not wait for the next.
    end : callable
        What the last line says, where the source knows it better; asked after the last row.
    tally : Tally, optional
        Where the source counts the rows that it leaves out.
    """
    return ListResponse(_lines(rows, end, tally or Tally()))


async def _lines(
    rows: AsyncGenerator[BaseModel | None, None], end: Callable[[], dict[str, Any]], tally: Tally
) -> AsyncGenerator[bytes, None]:
    """Yield lines: the first at once, the rest in batches, because each yield is a system call."""
    count = 0
    ready: list[str] = []
    async with aclosing(rows):
        first = await anext(rows, None)
        try:
            if first is not None:
                count = 1
                yield _line(first)
                flushed = time.monotonic()
                async for row in rows:
                    if row is None:
                        if ready:
                            yield _joined(ready)
                        continue
                    count += 1
                    ready.append(row.model_dump_json())
                    if len(ready) >= BATCH_ROWS or time.monotonic() - flushed > BATCH_S:
                        yield _joined(ready)
                        flushed = time.monotonic()
            said = {"count": count, "truncated": False, "skipped": tally.skipped, **end()}
            last: dict[str, Any] = {"end": said}
        except EscapeError as e:
            last = {"error": e.as_dict()}
    ready.append(json.dumps(last))
    yield _joined(ready)


def _line(row: BaseModel) -> bytes:
    return row.model_dump_json().encode() + b"\n"


def _joined(ready: list[str]) -> bytes:
    body = "\n".join(ready).encode() + b"\n"
    ready.clear()
    return body


def rows_of(model: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """Describe a list of rows in OpenAPI (``responses`` of a route)."""
    return {200: {"model": model, "description": f"NDJSON: a {model.__name__} a line, then end."}}
