"""The services of the agent: each is made when it is first used, and fails on its own."""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from fastapi import APIRouter, FastAPI
from starlette.types import Receive, Scope, Send
from traitlets.config import Config

from escape_vre.agent.doors import refuse
from escape_vre.core.errors import ConfigurationError, EscapeError
from escape_vre.core.keyring import Keyring
from escape_vre.core.plugin import Plugin
from escape_vre.core.registry import Installed, unusable
from escape_vre.core.service import CAPABILITIES, Service
from escape_vre.core.settings import load_config
from escape_vre.jobs.desk import JobDesk
from escape_vre.jobs.kinds.kind import Kind

log = logging.getLogger(__name__)

Capability = TypeVar("Capability")


class Services:
    """The installed services, made when they are first used; any thread may ask for one.

    Parameters
    ----------
    config : Config
        What they are made from.
    read_config : callable
        Reads the configuration again: a service whose settings made no sense is made again after
        they have changed, for the agent goes on running.
    """

    def __init__(
        self,
        found: Installed,
        config: Config,
        keyring: Keyring,
        *,
        read_config: Callable[[], Config] = load_config,
    ) -> None:
        self.found = found
        self._config = config
        self._keyring = keyring
        self._read_config = read_config
        self._made: dict[str, Service] = {}
        self._failed: dict[str, tuple[Config, EscapeError]] = {}
        self._making = threading.Lock()

    @property
    def names(self) -> list[str]:
        """The names of all that are installed, usable or not; sorted."""
        return sorted({*self.found.plugins, *self.found.broken})

    def get(self, name: str) -> Service:
        """Return a service.

        Raises
        ------
        EscapeError
            It cannot be used: it is not installed, its package is at fault, or its settings are.
        """
        with self._making:
            if name not in self._made:
                self._made[name] = self._make(name)
            return self._made[name]

    def error(self, name: str) -> EscapeError | None:
        """Return why a service cannot be used; None if it can."""
        try:
            self.get(name)
        except EscapeError as e:
            return e
        return None

    def having(self, capability: type[Capability]) -> Iterator[Capability]:
        """Yield the services that name a capability, without those that cannot be used."""
        word = next(word for word, kind in CAPABILITIES.items() if kind is capability)
        for name, plugin in self.found.plugins.items():
            if word in plugin.capabilities and self.error(name) is None:
                service = self.get(name)
                if isinstance(service, capability):
                    yield service

    def router(self, name: str, desk: JobDesk) -> APIRouter:
        """Return the routes of a service, which need not be made for that.

        Raises
        ------
        EscapeError
            Its package is at fault.
        """
        plugin = self._plugin(name)
        make = self.found.part(plugin, plugin.routes)
        try:
            router = make(lambda: self.get(name), desk)
        except Exception as e:
            log.exception("the routes of the service %s cannot be made", name)
            raise self._unusable(name, f"{type(e).__name__}: {e}".rstrip(".")) from e
        if not isinstance(router, APIRouter):
            raise self._unusable(name, f"{plugin.routes} made no routes")
        return router

    def kinds(self, name: str) -> list[Kind[Any]]:
        """Return the kinds of job that a service brings.

        Raises
        ------
        EscapeError
            It is not installed, or its package is at fault.
        """
        plugin = self._plugin(name)
        kinds = [self.found.part(plugin, where) for where in plugin.kinds]
        for kind, where in zip(kinds, plugin.kinds, strict=True):
            if not isinstance(kind, Kind):
                raise self._unusable(name, f"{where} is not a kind of job")
        return kinds

    def make_all(self) -> None:
        """Make every service that can be made: its sign-ins are known then."""
        for name in self.found.plugins:
            self.error(name)

    async def close(self) -> None:
        """Close those that were made."""
        for service in self._made.values():
            await service.close()

    def _make(self, name: str) -> Service:
        plugin = self._plugin(name)
        config = self._config
        if name in self._failed:
            config = self._read_config()
            before, failed = self._failed[name]
            if config == before:
                raise _again(failed)
        try:
            service = self._made_from(config, plugin)
        except EscapeError as e:
            self._failed[name] = (config, e)
            raise _again(e) from e
        self._failed.pop(name, None)
        return service

    def _plugin(self, name: str) -> Plugin:
        if error := self.found.broken.get(name):
            raise _again(error)
        if name not in self.found.plugins:
            raise ConfigurationError(
                f"The service {name} is not installed.", hint="Install the package with it."
            )
        return self.found.plugins[name]

    def _made_from(self, config: Config, plugin: Plugin) -> Service:
        factory = self.found.part(plugin, plugin.service)
        try:
            service = factory(config, self._keyring)
        except EscapeError:
            raise
        except Exception as e:
            log.exception("the service %s cannot be made", plugin.name)
            raise self._unusable(plugin.name, f"{type(e).__name__}: {e}".rstrip(".")) from e
        if not isinstance(service, Service):
            raise self._unusable(plugin.name, f"{plugin.service} made no service")
        return service

    def _unusable(self, name: str, reason: str) -> ConfigurationError:
        return unusable(name, self.found.packages.get(name, ""), reason)


class ServiceRoutes:
    """Answers below a service's name: by its routes, or with why there are none.

    Parameters
    ----------
    desk : JobDesk
        Handed to the function that makes the routes.
    around : callable
        Makes an application of routes.
    """

    def __init__(
        self, name: str, services: Services, desk: JobDesk, around: Callable[[APIRouter], FastAPI]
    ) -> None:
        self._name = name
        self._services = services
        self._desk = desk
        self._around = around
        self._app: FastAPI | None = None
        self._failed: EscapeError | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; the first request imports the routes."""
        try:
            if self._app is None:
                await asyncio.to_thread(self.application)
            app = self.application()
        except EscapeError as e:
            await refuse(e, scope, receive, send)
            return
        await app(scope, receive, send)

    def error(self) -> EscapeError | None:
        """Return why the service, which is made for this, cannot be used; None if it can."""
        try:
            self.application()
        except EscapeError as e:
            return e
        return self._services.error(self._name)

    def application(self) -> FastAPI:
        """Return the application of the service's routes.

        Raises
        ------
        EscapeError
            They cannot be imported.
        """
        if self._failed:
            raise _again(self._failed)
        if self._app is None:
            try:
                self._app = self._around(self._services.router(self._name, self._desk))
            except EscapeError as e:
                self._failed = e
                raise _again(e) from e
        return self._app


def _again(error: EscapeError) -> EscapeError:
    """Return an equal error: one that is raised twice would keep every traceback."""
    return EscapeError.from_dict(error.as_dict())
