"""Bodies of answers, never more of them in memory than a limit; compressed ones too.

httpx inflates whatever one packet holds at once: 600 kB of zeros, compressed, become 600 MB. Here
a body is inflated in small steps, and given up when it grows beyond what text can be.
"""

import time
import zlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

import httpx

BODY_BYTES = 8 * 1024 * 1024
"""Longest whole body; as Python objects, JSON may be 20 times as long."""

ERROR_BYTES = 1024 * 1024
"""What is read of a body that only says what went wrong."""

LINE_BYTES = 4 * 1024 * 1024
"""Longest line of a list."""

LINE_S = 90.0
"""Longest time that one line may take to come, seconds."""

STEP_BYTES = 64 * 1024
RATIO = 200
"""How much longer than what came a body may become; lists of alike names reach 40."""

FREE_BYTES = 4 * 1024 * 1024
"""Below this the ratio does not matter."""

ENCODINGS = "gzip"
"""Content codings (RFC 9110 section 8.4.1) that we ask for."""


class BodyError(Exception):
    """A body that is not read on; the text is the end of a sentence about who sent it."""


class BoundedResponse(httpx.Response):
    """A response that was read within limits."""

    def json(self, **options: Any) -> Any:
        """Return the JSON; ValueError too for what nests deeper than Python can."""
        try:
            return super().json(**options)
        except RecursionError as e:
            raise ValueError("JSON nests too deep") from e


async def read(response: httpx.Response, *, limit: int = BODY_BYTES) -> BoundedResponse:
    """Read a streamed response to its end.

    Raises
    ------
    BodyError
        The body is longer than the limit, in bytes.
    """
    if _announced(response) > limit:
        raise BodyError(f"sent a body of more than {limit // 1024 // 1024} MiB")
    body = bytearray()
    async with aclosing(_pieces(response)) as pieces:
        async for piece in pieces:
            body += piece
            if len(body) > limit:
                raise BodyError(f"sent a body of more than {limit // 1024 // 1024} MiB")
    return _bounded(response, bytes(body))


async def read_some(response: httpx.Response) -> BoundedResponse:
    """Read the beginning of a response that only says what went wrong; an empty one if it cannot.

    The status says enough; a body that is too long or broken is no second error.
    """
    try:
        return await read(response, limit=ERROR_BYTES)
    except (BodyError, httpx.TransportError, httpx.DecodingError):
        return _bounded(response, b"")


def _bounded(response: httpx.Response, body: bytes) -> BoundedResponse:
    coded = (b"content-encoding", b"content-length", b"transfer-encoding")
    headers = [(k, v) for k, v in response.headers.raw if k.lower() not in coded]
    return BoundedResponse(
        response.status_code, headers=headers, content=body, request=response.request
    )


async def lines(
    response: httpx.Response, *, limit: int = LINE_BYTES
) -> AsyncGenerator[bytes, None]:
    """Yield the lines of a streamed response, each with its newline; the last may have none.

    Only a newline ends a line: a name may hold what Unicode calls a line separator.

    Raises
    ------
    BodyError
        A line is longer than the limit, in bytes, or has been coming for too long.
    """
    rest, began = b"", time.monotonic()
    async with aclosing(_pieces(response)) as pieces:
        async for piece in pieces:
            *ended, rest = (rest + piece).split(b"\n")
            for line in ended:
                yield line + b"\n"
            if ended:
                began = time.monotonic()
            elif time.monotonic() - began > LINE_S:
                raise BodyError(f"has not ended a line for {LINE_S:.0f} s")
            if len(rest) > limit:
                raise BodyError(f"sent a line of more than {limit // 1024 // 1024} MiB")
    if rest:
        yield rest


async def _pieces(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    """Yield the body, without its content coding, in small pieces."""
    coding = response.headers.get("Content-Encoding", "").strip().lower()
    if coding in ("", "identity"):
        pieces = response.aiter_raw()
    elif coding in ("gzip", "x-gzip", "deflate"):
        pieces = _inflated(response.aiter_raw())
    else:
        raise BodyError("answered in a compression that was not asked for")
    async for piece in pieces:
        yield piece


async def _inflated(raw: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    coming = growing = 0
    inflating = zlib.decompressobj(zlib.MAX_WBITS | 32)
    async for left in raw:
        coming += len(left)
        while left:
            if inflating.eof:  # a gzip body may be several, one after another (RFC 1952)
                inflating = zlib.decompressobj(zlib.MAX_WBITS | 32)
            try:
                piece = inflating.decompress(left, STEP_BYTES)
            except zlib.error as e:
                raise httpx.DecodingError(str(e)) from e
            left = inflating.unused_data if inflating.eof else inflating.unconsumed_tail
            growing += len(piece)
            if growing > max(FREE_BYTES, RATIO * coming):
                raise BodyError("sent a body that is compressed beyond reason")
            if piece:
                yield piece
    if coming and not inflating.eof:
        raise httpx.DecodingError("the compressed body ends too early")


def _announced(response: httpx.Response) -> int:
    text = response.headers.get("Content-Length", "")
    return int(text) if text.isdigit() and len(text) < 20 else 0
