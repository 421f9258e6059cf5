"""A KubeSpawner that explains in plain words why a server does not start.

This is imported only if a site uses KubeSpawner: a hub without Kubernetes need not have it.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from aiohttp import ClientError
from kubernetes_asyncio.client.rest import ApiException
from kubespawner import KubeSpawner  # type: ignore[import-untyped]  # it has no types
from tornado import web
from traitlets import default

from escape_vre.core.text import sentence
from escape_vre.hub.troubles import Trouble, read, refused

LOOK_EVERY_S = 1.0
"""How often a starting pod is looked up in the reflectors' memory, seconds; no request is sent."""

ANSWERS_WITHIN_S = 120
"""How long a running server may take to answer, unless the site sets it, seconds: JupyterLab on
slow storage needs more than JupyterHub's 30 s."""

_Event = dict[str, Any]
_Told = dict[str, list[_Event]]
"""Events of pods, by the pods' uid."""


class NotStarted(web.HTTPError):
    """A server was not started; the message is for its user.

    JupyterHub shows the text of an ``HTTPError``, and logs it in one line.
    """

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(500, sentence(f"{trouble.text} Kubernetes says: {trouble.said}"))
        _say(self, trouble)


def _say(error: BaseException, trouble: Trouble) -> None:
    """Let JupyterHub's pages show why (``jupyterhub.utils.format_exception``)."""
    error.jupyterhub_message = trouble.text  # type: ignore[attr-defined]
    error.jupyterhub_html_message = trouble.html  # type: ignore[attr-defined]


class EscapeSpawner(KubeSpawner):
    """Starts servers as KubeSpawner does.

    The progress of the start says at once what keeps a pod from running, above the words of
    Kubernetes, and again when the start fails. If waiting cannot help, the start fails in seconds.
    """

    _watched = False
    _before = ""
    _last: Trouble | None = None
    _events: ClassVar[WeakKeyDictionary[Any, tuple[float, _Told]]] = WeakKeyDictionary()

    @default("http_timeout")
    def _default_http_timeout(self) -> int:
        return ANSWERS_WITHIN_S

    def start(self) -> "asyncio.Future[str]":
        """Start a server; if it cannot start, the error says why."""
        self._watched, self._last = False, None
        started: asyncio.Future[str] = asyncio.ensure_future(self._watch(super().start()))
        return started

    async def _watch(self, starting: "asyncio.Future[str]") -> str:
        try:
            while not starting.done():
                await asyncio.wait({starting}, timeout=LOOK_EVERY_S)
                trouble = self.trouble()
                if trouble and trouble.final and not starting.done():
                    self._forgive()
                    raise NotStarted(trouble)
            return starting.result()
        except ApiException as e:
            if e.status in {403, 422}:
                self._forgive()
            raise NotStarted(refused(e.status, _message(e), choice=self._choice)) from e
        except ClientError as e:
            raise NotStarted(refused(None, str(e))) from e
        finally:
            starting.cancel()
            await asyncio.wait({starting})

    def _forgive(self) -> None:
        """Keep the hub from ending, as z2jh's does after five failed starts in a row.

        That limit is for a hub without connection to its cluster; this one just had an answer.
        """
        self.consecutive_failure_limit = 0

    @property
    def _choice(self) -> bool:
        return bool(self.profile_list)

    async def get_pod_manifest(self) -> Any:
        """Return the pod to make."""
        # A pod that exists already belongs to an earlier start.
        self._before = _uid(self._pod())
        self._watched = True
        return await super().get_pod_manifest()

    def _pod(self) -> dict[str, Any] | None:
        reflector = self.pod_reflector
        pods = reflector.pods if reflector else {}
        found: dict[str, Any] | None = pods.get(f"{self.namespace}/{self.pod_name}")
        return found

    def trouble(self) -> Trouble | None:
        """Return why the server does not run yet, from the reflectors' memory; None if it does."""
        pod = self._pod() if self._watched else None
        if pod is None or _uid(pod) == self._before or "deletionTimestamp" in pod["metadata"]:
            return None
        try:
            return read(pod, self._told(_uid(pod)), choice=self._choice)
        except (AttributeError, KeyError, TypeError, ValueError):
            # A fault in the explanation must not fail the start.
            self.log.exception("The state of pod %s is not understood", self.pod_name)
            return None

    def _told(self, uid: str) -> list[_Event]:
        """Return the events of a pod, oldest first."""
        reflector = self.event_reflector
        if reflector is None:
            return []
        # A reflector has all events of a namespace: read them once, not once per starting server.
        at, told = self._events.get(reflector, (float("-inf"), {}))
        if time.monotonic() - at >= LOOK_EVERY_S:
            told = {}
            for event in list(reflector.resources.values()):
                told.setdefault(event["involvedObject"].get("uid"), []).append(event)
            self._events[reflector] = time.monotonic(), told
        found = told.get(uid, [])
        return sorted(
            found, key=lambda event: event.get("lastTimestamp") or event.get("eventTime") or ""
        )

    async def progress(self) -> AsyncGenerator[_Event, None]:
        """Yield the progress of a start: KubeSpawner's events with their explanations."""
        told = ""
        async with aclosing(_paced(super().progress(), LOOK_EVERY_S)) as events:
            async for event in events:
                trouble = self.trouble()
                raw = event.get("raw_event", {})
                if event and (trouble is None or raw.get("reason") in _GOES_ON):
                    yield event
                elif trouble and raw:
                    told = trouble.what
                    yield trouble.over(event)
                elif trouble and trouble.what != told:  # also in place of "please be patient"
                    told = trouble.what
                    yield trouble.alone()
                # KubeSpawner's end when the container runs; or at once, if it watches no events.
                if not event and self.pending != "spawn":
                    return

    async def poll(self) -> int | None:
        """Return None while the server runs, else how it ended."""
        # JupyterHub's ``User.stop`` asks this first, also where a start took too long: there it
        # has just caught the error that people are shown, and the pod is still there.
        error = sys.exception()
        if self._pod():
            # Its own look every half a minute deletes a pod that has ended, and with it the reason.
            self._last = self.trouble()
        if isinstance(error, TimeoutError) and self._last:
            self._forgive()
            _say(error, self._last)
        status: int | None = await super().poll()
        return status


async def _paced(
    events: AsyncGenerator[_Event, None], every_s: float
) -> AsyncGenerator[_Event, None]:
    """Return the same events, and an empty one after each such silence; never ends."""
    coming: asyncio.Future[Any] = asyncio.ensure_future(anext(events, None))
    try:
        while True:
            await asyncio.wait({coming}, timeout=every_s)
            if not coming.done():
                yield {}
            elif (event := coming.result()) is None:
                break
            else:
                coming = asyncio.ensure_future(anext(events, None))
                yield event
        while True:
            yield {}
            await asyncio.sleep(every_s)
    finally:
        coming.cancel()
        await asyncio.wait({coming})
        await events.aclose()


_GOES_ON = frozenset({"Scheduled", "Pulling", "Pulled", "Created", "Started", "Killing"})
"""Events that need no explanation."""


def _uid(pod: dict[str, Any] | None) -> str:
    return str(pod["metadata"]["uid"]) if pod else ""


def _message(error: ApiException) -> str:
    """Return the message of Kubernetes, without the headers that kubernetes_asyncio adds."""
    try:
        return str(json.loads(error.body or "")["message"])
    except (KeyError, TypeError, ValueError):
        return str(error.reason)
