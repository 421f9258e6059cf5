"""Lists as they travel: NDJSON, one object a line, and a last line that says how it ended."""

import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

from pydantic import BaseModel
from starlette.responses import StreamingResponse

from escape_vre.core.errors import EscapeError

MEDIA_TYPE = "application/x-ndjson"
BATCH_ROWS = 500
BATCH_S = 0.02


async def ndjson(
    rows: AsyncGenerator[BaseModel | None, None], *, end: Callable[[], dict[str, Any]] = dict
) -> StreamingResponse:
    """Answer with a list.

    The first row is waited for before the status is fixed, so that what fails at once is an
    ordinary error. What fails later ends the list with an ``error`` line.

    Parameters
    ----------
    rows : async generator
        The rows; None where those before should not wait for the next.
    end : callable
        What the last line says, where the source knows it better; asked after the last row.
    """
    try:
        first = await anext(rows, None)
    except BaseException:
        await rows.aclose()
        raise
    return StreamingResponse(_lines(first, rows, end), media_type=MEDIA_TYPE)


async def _lines(
    first: BaseModel | None,
    rows: AsyncGenerator[BaseModel | None, None],
    end: Callable[[], dict[str, Any]],
) -> AsyncIterator[bytes]:
    """Yield lines: the first at once, the rest in batches, for each yield is a system call."""
    count = 0
    ready: list[str] = []
    async with aclosing(rows):
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
            last = {"end": {"count": count, "truncated": False, **end()}}
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
