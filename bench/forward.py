"""A proxy in front of Rucio that counts and delays requests.

It terminates TLS with the lake's own certificate, which is for this address, and opens a new TLS
connection to Rucio: inside TLS it could not count.
"""

import asyncio
import re
import ssl
import threading
from typing import Self
from urllib.parse import urlsplit

from bench.measure import BenchError
from escape_vre.local.lake.lake import Lake

# At the end of a line, for the body of the request before ends without one.
_REQUEST = re.compile(rb"((?:GET|POST|PUT|DELETE|HEAD) /\S*) HTTP/1\.1\r$")
_READ_BYTES = 256 * 1024


class Forward:
    """Listens on loopback in a thread of its own; a context manager.

    Parameters
    ----------
    delay_s : float
        Each request is held back for so long, seconds; connections are not.
    """

    def __init__(self, lake: Lake, *, delay_s: float = 0.0) -> None:
        self._lake = lake
        self._delay_s = delay_s
        self._thread = threading.Thread(target=self._run, name="forward", daemon=True)
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: asyncio.Event | None = None
        self._port = 0
        self.seen: list[str] = []

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        if not self._ready.wait(10):
            raise BenchError("the proxy in front of Rucio did not start")
        return self

    def __exit__(self, *_: object) -> None:
        """Close every connection."""
        if self._loop is not None and self._end is not None:
            self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)

    @property
    def instance(self) -> dict[str, object]:
        """The lake as seen through here."""
        return {**self._lake.instance(), "url": f"https://127.0.0.1:{self._port}"}

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        layout = self._lake.layout
        inside = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        inside.load_cert_chain(layout.server_identity)
        self._outside = ssl.create_default_context(cafile=str(layout.ca))
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        self._loop.set_exception_handler(lambda _loop, _context: None)
        server = await asyncio.start_server(
            self._connection, "127.0.0.1", 0, ssl=inside, limit=_READ_BYTES
        )
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._end.wait()
        server.close()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        parts = urlsplit(self._lake.url)
        try:
            there, back = await asyncio.open_connection(
                parts.hostname, parts.port, ssl=self._outside, limit=_READ_BYTES
            )
        except OSError:
            writer.close()
            return
        up = asyncio.create_task(self._up(reader, back))
        down = asyncio.create_task(_copy(there, writer))
        await asyncio.wait([up, down], return_when=asyncio.FIRST_COMPLETED)
        for task in (up, down):
            task.cancel()
        writer.close()
        back.close()

    async def _up(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = b""
        while data := await reader.read(_READ_BYTES):
            *lines, line = (line + data).split(b"\n")
            found = [match[1].decode() for match in map(_REQUEST.search, lines) if match]
            self.seen += found
            if found and self._delay_s:
                await asyncio.sleep(self._delay_s)
            writer.write(data)
            await writer.drain()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_READ_BYTES):
        writer.write(data)
        await writer.drain()
