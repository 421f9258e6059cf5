"""The checks of the data lakes: the server, the sign-in, the storages."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path

from escape_vre.core import clock, text
from escape_vre.core.caller import in_home
from escape_vre.core.certificates import expiry
from escape_vre.core.checks import DEADLINE_S, Check, CheckQuery, Finding, checked, merged
from escape_vre.core.errors import EscapeError
from escape_vre.core.reach import lasting, reached
from escape_vre.core.service import StorageAccess
from escape_vre.jobs.transfer.control import Control
from escape_vre.services.datalake.health import remote
from escape_vre.services.datalake.health.remote import Storage
from escape_vre.services.datalake.health.storages import read_range, write_once
from escape_vre.services.datalake.instances import Connected, LakeInstances
from escape_vre.services.datalake.models import LakeSettings
from escape_vre.services.datalake.network import network

MOST_STORAGES = 30
AT_ONCE = 8
CLOCK_S = (5.0, 60.0)
"""By how much two clocks may differ, seconds: more is a warning, and more is a failure."""

Blocking = Callable[..., Finding]


async def checks(instances: LakeInstances, query: CheckQuery) -> AsyncGenerator[Check, None]:
    """Yield the checks of all instances, several at a time, as they are done."""
    try:
        found = await asyncio.to_thread(instances.settings, query.environment)
    except EscapeError as e:
        yield _check("Data lakes", "configuration", Finding.of(e))
        return
    if not found:
        hint = "Set DataLake.instances in escape_vre_config.json, or write a rucio.cfg."
        yield _check("Data lakes", "configuration", Finding("skipped", "None is configured.", hint))
        return
    streams = [_Instance(instances, settings, query).checks() for settings in found]
    async with aclosing(merged(streams)) as all_checks:
        async for check in all_checks:
            yield check


class _Instance:
    """The checks of one instance."""

    def __init__(self, instances: LakeInstances, settings: LakeSettings, query: CheckQuery) -> None:
        self._instances = instances
        self._settings = settings
        self._query = query
        self._subject = settings.shown

    async def checks(self) -> AsyncGenerator[Check, None]:
        """Yield them, each group after the one that it needs."""
        yield self._configured()
        try:
            connected = self._instances.connect(self._settings.name, self._query.environment)
            way = network(connected.settings, self._query.environment)
        except EscapeError as e:
            yield _check(self._subject, "connection", Finding.of(e))
            return
        if way.cert_file or way.missing:
            own = way.cert_file
            yield await self._checked("your certificate", lambda: _own(own, way.missing))
        for url in dict.fromkeys([connected.settings.url, connected.settings.auth_url]):
            if url is None:
                continue
            deadline_s = self._query.deadline_s
            stream = reached(self._subject, url, way, deadline_s=deadline_s)
            async with aclosing(stream) as found:
                async for check in found:
                    yield check
                    if check.state == "failed":
                        said = "Not tried, because the server cannot be reached."
                        yield _check(self._subject, "sign-in", Finding("skipped", said))
                        return
        yield await self._checked("answer", lambda: _answer(connected))
        yield await self._checked("clock", lambda: _clock(connected))
        signed_in = await self._checked("sign-in", lambda: self._sign_in(connected))
        yield signed_in
        if signed_in.state == "failed":
            said = "Not tried, because there is no sign-in."
            yield _check(self._subject, "storages", Finding("skipped", said))
            return
        async with aclosing(self._storages(connected)) as found:
            async for check in found:
                yield check

    async def _checked(
        self, name: str, look: Callable[[], Awaitable[Finding]], subject: str = ""
    ) -> Check:
        subject = subject or self._subject
        return await checked(subject, name, look, deadline_s=self._query.deadline_s)

    def _configured(self) -> Check:
        settings = self._settings
        origin = self._instances.origins.get(settings.name, "rucio.cfg")
        said = f"{settings.name} is {settings.url}, signs in by {settings.auth}; from {origin}."
        return _check(self._subject, "configuration", Finding("ok", said))

    async def _sign_in(self, connected: Connected) -> Finding:
        token = await connected.tokens.get(self._query.environment)
        account = await connected.rucio.whoami()
        left = ""
        if token.expires is not None:
            left = f"; the token is valid for {text.duration(token.expires - time.time())}"
        return Finding("ok", f"You are account {account}{left}.")

    async def _storages(self, connected: Connected) -> AsyncGenerator[Check, None]:
        """Yield whether each storage can be read, and if wanted written to."""
        found: list[Storage] = []

        async def listed() -> Finding:
            found.extend(await remote.storages(connected.rucio))
            await connected.storage.sign_in()
            if len(found) <= MOST_STORAGES:
                return Finding("ok", f"Rucio lists {len(found)}.")
            said = f"Rucio lists {len(found)}; the first {MOST_STORAGES} are tried."
            return Finding("ok", said)

        yield await self._checked("storages", listed)
        slots = asyncio.Semaphore(AT_ONCE)
        streams = [self._storage(connected, one, slots) for one in found[:MOST_STORAGES]]
        async with aclosing(merged(streams)) as all_checks:
            async for check in all_checks:
                yield check

    async def _storage(
        self, connected: Connected, storage: Storage, slots: asyncio.Semaphore
    ) -> AsyncGenerator[Check, None]:
        async def read() -> Finding:
            if not storage.readable:
                return Finding("warning", "Rucio says that it cannot be read now.", _ASK)
            url = await remote.sample(connected.rucio, storage.name)
            if url is None:
                return Finding(
                    "skipped", "It has no dataset with a file that can be read by https."
                )
            return await _in_thread(read_range, url, connected.storage)

        async def write() -> Finding:
            if not storage.writable:
                return Finding("warning", "Rucio says that it cannot be written to now.", _ASK)
            folder = await remote.write_folder(connected.rucio, storage.name)
            if folder is None:
                return Finding("skipped", "It cannot be written to by https.")
            return await _in_thread(write_once, folder, connected.storage)

        subject = f"{self._subject}, {storage.name}"
        async with slots:
            yield await self._checked("read", read, subject)
            if self._query.write:
                yield await self._checked("write", write, subject)


_ASK = "Ask the site when it will be back."


async def _answer(connected: Connected) -> Finding:
    began = time.perf_counter()
    version = await remote.version(connected)
    took_ms = (time.perf_counter() - began) * 1000
    said = f"Rucio {version} answers in {took_ms:.0f} ms."
    if took_ms > 2000:
        return Finding("warning", said, "The server, or the network to it, is slow.")
    return Finding("ok", said)


async def _clock(connected: Connected) -> Finding:
    began = time.time()
    response = await remote.ping(connected)
    ahead_s = clock.ahead_s(response.headers.get("Date"), began, time.time())
    if ahead_s is None:
        return Finding("skipped", "The server does not say what time it is.")
    apart_s = abs(ahead_s)
    warn_s, fail_s = CLOCK_S
    if apart_s <= warn_s:
        return Finding("ok", "The clocks of this machine and the server agree.")
    said = (
        f"The clock of this machine is {text.duration(apart_s)}"
        f" {'ahead of' if ahead_s > 0 else 'behind'} the server's."
    )
    hint = "Set the clock of the one that is wrong (NTP): by a wrong clock, tokens look expired."
    return Finding("failed" if apart_s > fail_s else "warning", said, hint)


async def _own(cert_file: str | None, missing: str) -> Finding:
    """Return whether our own certificate, or X.509 proxy, is good."""
    renew = "Renew it, for instance with voms-proxy-init."
    if cert_file is None:
        return Finding("warning", missing, "Make it, or remove the variable.")
    until = await asyncio.to_thread(expiry, in_home(cert_file))
    if until is None:
        return Finding("failed", f"{cert_file} cannot be read as a certificate.", renew)
    found = lasting(f"The certificate in {Path(cert_file).name}", until, renew)
    left_s = (until - datetime.now(UTC)).total_seconds()
    if found.state == "warning" and left_s > 3600:
        return Finding("ok", found.message)  # X.509 proxies are made for half a day
    return found


async def _in_thread(work: Blocking, address: str, access: StorageAccess) -> Finding:
    """Run something that blocks in a thread, which ends when nobody waits for it."""
    control = Control()
    try:
        return await asyncio.to_thread(work, address, access, control, timeout_s=DEADLINE_S)
    finally:
        control.end("stop")


def _check(subject: str, name: str, found: Finding) -> Check:
    return Check(
        subject=subject, name=name, state=found.state, message=found.message, hint=found.hint
    )
