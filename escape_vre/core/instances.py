"""The configured servers of one service, and a connection for each identity that calls.

A service derives its registry from :class:`Instances`; only what is its own stands there.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from pydantic import ValidationError

from escape_vre.core.clock import ServerClock
from escape_vre.core.device import DeviceTokens
from escape_vre.core.errors import ConfigurationError, NotFoundError
from escape_vre.core.form import Form, FormKind, Typed
from escape_vre.core.http import RemoteClient
from escape_vre.core.instance_models import InstanceSettings
from escape_vre.core.keyring import Keyring
from escape_vre.core.network import VARIABLES, Network
from escape_vre.core.oidc import Registration
from escape_vre.core.pace import Pace
from escape_vre.core.tokens import TokenChain, TokenSource

KEPT = 16
"""Connections kept for different identities of different callers."""

SHARED = ("hub", "oidc", "token")
"""Sign-ins with one identity, whoever asks: all kernels and jobs share its token."""


class Connection(Protocol):
    """One identity at one instance."""

    @property
    def http(self) -> RemoteClient:
        """What to close."""
        ...


Settings = TypeVar("Settings", bound=InstanceSettings)
Connected = TypeVar("Connected", bound=Connection)


class Instances(Generic[Settings, Connected]):
    """All configured instances of a service.

    Parameters
    ----------
    entries : iterable of str and mapping
        Where each stands in the configuration, for messages, and what it says.

    Raises
    ------
    ConfigurationError
        An entry is not valid; the message names it.
    """

    noun: ClassVar[str]
    """What users call one of them."""

    login: ClassVar[str] = ""
    """The command that signs in to one, such as ``%sky login``."""

    not_who: ClassVar[Sequence[str]] = VARIABLES
    """The caller's variables that do not say who calls."""

    def __init__(
        self,
        kind: type[Settings],
        entries: Iterable[tuple[str, Mapping[str, Any]]],
        keyring: Keyring,
    ) -> None:
        self._keyring = keyring
        self._settings: dict[str, Settings] = {}
        self.origins: dict[str, str] = {}
        """Where each instance is configured, by its name."""
        for where, entry in entries:
            found = _checked(kind, entry, where)
            self.origins.setdefault(found.name, where)
            if self._settings.setdefault(found.name, found) is not found:
                raise ConfigurationError(
                    f"{where}: the name {found.name} is used twice.",
                    hint="Give each instance its own name.",
                )
        self._devices = {
            name: self._device(settings)
            for name, settings in self._settings.items()
            if settings.auth == "oidc"
        }
        self._paces: dict[str, Pace] = {}
        self._connected: OrderedDict[Hashable, Connected] = OrderedDict()

    async def close(self) -> None:
        """Close every connection."""
        for connected in self._connected.values():
            await connected.http.close()

    def identity(self, settings: Settings) -> str | None:
        """Return the id of the identity that a person can sign in to; None without one."""
        found = self._devices.get(settings.name) or self._form(settings)
        return found.id if found else None

    def _asks(self, settings: Settings) -> FormKind | None:
        """Return what a person types to sign in to an instance; None for nothing."""
        return "token" if settings.auth == "token" else None

    def _proposed(self, settings: Settings) -> str:
        """Return the user name that a form proposes."""
        del settings
        return ""

    async def _try(self, settings: Settings, typed: Typed, environment: Mapping[str, str]) -> None:
        """Sign in with what a person has typed; raises EscapeError where it is refused."""
        raise NotImplementedError

    def _form(self, settings: Settings) -> Form | None:
        """Return the form of an instance; None where nothing is typed."""
        kind = self._asks(settings)
        if kind is None:
            return None

        async def check(typed: Typed, environment: Mapping[str, str]) -> None:
            await self._try(settings, typed, environment)

        username = self._proposed(settings)
        return self._keyring.form(
            self.noun,
            settings.url,
            username,
            title=settings.shown,
            kind=kind,
            username=username,
            check=check,
            login=self.login,
        )

    def _named(self, name: str | None) -> Settings:
        """Return the settings of an instance; without a name those of the first."""
        if not name and self._settings:
            return next(iter(self._settings.values()))
        try:
            return self._settings[name or ""]
        except KeyError:
            raise NotFoundError(
                f"There is no {self.noun} called {name}.",
                hint=f"There are: {', '.join(self._settings)}.",
            ) from None

    def _reach(self, settings: Settings, network: Network) -> None:
        """Go to the instance's identity provider as this caller does from now on."""
        if device := self._devices.get(settings.name):
            device.reach(network)

    def _kept(
        self,
        settings: Settings,
        network: Network,
        environment: Mapping[str, str],
        make: Callable[[Mapping[str, str]], Connected],
        *also: Hashable,
    ) -> Connected:
        """Return the connection of one identity, made if there is none yet.

        Callers with other variables are other people to a service: one's lack of a password must
        not be remembered for the next.

        Parameters
        ----------
        make : callable
            Given the variables that say who calls, makes a connection; opens nothing yet.
        also
            What else makes two identities different.
        """
        self._reach(settings, network)
        who = {name: value for name, value in environment.items() if name not in self.not_who}
        if settings.auth in SHARED:
            who = {}
        key = (settings, network, tuple(sorted(who.items())), also)
        if key in self._connected:
            self._connected.move_to_end(key)
        else:
            self._connected[key] = make(who)
            if len(self._connected) > KEPT:
                self._connected.popitem(last=False)
        return self._connected[key]

    def _pace(self, settings: Settings) -> Pace | None:
        """Return the limit that all connections to a server share; None without one."""
        if settings.requests_per_minute is None:
            return None
        return self._paces.setdefault(settings.url, Pace(settings.requests_per_minute))

    def _chain(
        self,
        settings: Settings,
        sources: Callable[[], Sequence[TokenSource]],
        *,
        hint: str,
        clock: ServerClock | None = None,
    ) -> TokenChain:
        """Return the token chain of an instance: the Hub or a provider, then its own sources."""
        if settings.name in self._devices:
            return self._devices[settings.name].chain
        found: list[TokenSource] = []
        if settings.auth in ("auto", "hub"):
            optional = settings.auth == "auto"
            found.append(self._keyring.hub(settings.audience, optional=optional))
        if settings.auth != "hub":
            found += sources()
        form = self._form(settings)
        by_token = form is not None and form.kind == "token"
        chain = TokenChain(
            found,
            service=settings.shown,
            hint=hint,
            clock=clock,
            identity=form.id if form and by_token else None,
        )
        return form.serve(chain) if form else chain

    def _device(self, settings: Settings) -> DeviceTokens:
        registration = Registration(
            issuer=settings.issuer or "",
            client_id=settings.client_id or "",
            audience=settings.audience,
            scope=settings.scope,
            ca_file=settings.ca_file,
        )
        return self._keyring.device(registration, title=settings.shown, login=self.login)


def _checked(kind: type[Settings], entry: Mapping[str, Any], where: str) -> Settings:
    try:
        return kind.model_validate(entry)
    except ValidationError as e:
        first = e.errors()[0]
        field = ".".join(["", *(str(part) for part in first["loc"])])
        raise ConfigurationError(
            f"{where}{field}: {first['msg']}.",
            hint="Fix it in escape_vre_config.",
        ) from e
