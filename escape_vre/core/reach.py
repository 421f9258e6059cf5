"""Whether a server can be reached: its name, its port, its certificate."""

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from escape_vre.core import text
from escape_vre.core.checks import DEADLINE_S, Check, Finding, checked
from escape_vre.core.network import Network
from escape_vre.core.proxies import shown
from escape_vre.core.tls import tls_context

SOON_DAYS = 14
"""A certificate that ends earlier than this is worth a warning, days."""

_NETWORK = "Check your network, the address in the configuration, and the proxies."


async def reached(
    subject: str, url: str, network: Network, *, deadline_s: float = DEADLINE_S
) -> AsyncGenerator[Check, None]:
    """Yield whether the name, the port and the certificate of a URL's server are right.

    The first that is not is the last. Through a proxy, only the proxy is looked at: what is
    behind it shows when the server itself is asked.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    where = f"{host}:{port}"
    if proxy := network.proxies.of(url):
        through = urlsplit(proxy)
        host, port = through.hostname or "", through.port or 80
        where = f"the proxy {shown(proxy)}"
    name = await checked(subject, "name", lambda: _name(host), deadline_s=deadline_s)
    yield name
    if name.state == "failed":
        return
    connection = await checked(
        subject, "connection", lambda: _connection(host, port, where), deadline_s=deadline_s
    )
    yield connection
    if connection.state == "failed" or proxy or parts.scheme != "https":
        return
    yield await checked(
        subject, "certificate", lambda: _certificate(host, port, network), deadline_s=deadline_s
    )


async def _name(host: str) -> Finding:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as e:
        why = e.strerror if isinstance(e, OSError) and e.strerror else "it is not a name"
        return Finding("failed", f"The name {host} cannot be found: {why}.", _NETWORK)
    addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
    return Finding("ok", f"{host} is {', '.join(addresses[:4])}.")


async def _connection(host: str, port: int, where: str) -> Finding:
    began = time.perf_counter()
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError as e:
        why = e.strerror or "no connection"
        return Finding("failed", f"Nothing answers at {where}: {why}.", _NETWORK)
    took_ms = (time.perf_counter() - began) * 1000
    await _close(writer)
    return Finding("ok", f"{where} accepts connections, in {took_ms:.0f} ms.")


async def _certificate(host: str, port: int, network: Network) -> Finding:
    context = await asyncio.to_thread(tls_context, network.ca_file, system=network.system)
    try:
        _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=host)
    except ssl.SSLCertVerificationError as e:
        return Finding(
            "failed",
            f"The certificate of {host} cannot be trusted: {e.verify_message}.",
            "Set ca_file in the configuration to the authority that signed it, or tell the site.",
        )
    except (OSError, ssl.SSLError) as e:
        why = (getattr(e, "reason", "") or e.strerror or "no answer").replace("_", " ").lower()
        return Finding(
            "failed", f"{host} refuses the encrypted connection: {why}.", "Check the port of url."
        )
    try:
        found = writer.get_extra_info("peercert") or {}
        version = writer.get_extra_info("ssl_object").version()
    finally:
        await _close(writer)
    until = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(found["notAfter"])), UTC)
    return lasting(f"The certificate of {host} ({version})", until, "Tell the site.")


def lasting(what: str, until: datetime, hint: str) -> Finding:
    """Return whether a certificate lasts for long enough."""
    left_s = (until - datetime.now(UTC)).total_seconds()
    if left_s <= 0:
        return Finding("failed", f"{what} has expired on {until:%Y-%m-%d %H:%M} UTC.", hint)
    left = text.duration(left_s) if left_s < 2 * 86_400 else f"{left_s // 86_400:.0f} days"
    soon = left_s < SOON_DAYS * 86_400
    said = f"{what} is valid for {left}."
    return Finding("warning", said, hint) if soon else Finding("ok", said)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError, ssl.SSLError):
        await writer.wait_closed()
