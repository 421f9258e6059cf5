"""The configured Rucio servers, and a client for each identity that calls."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from traitlets import Dict, List
from traitlets.config import Config, Configurable

from escape_vre.core.caller import in_home
from escape_vre.core.clock import ServerClock
from escape_vre.core.errors import AuthError, ConfigurationError, NotFoundError
from escape_vre.core.http import RemoteClient, tls_context
from escape_vre.core.keyring import Keyring
from escape_vre.core.oidc import Registration
from escape_vre.core.settings import configured
from escape_vre.core.tokens import TokenChain, TokenSource
from escape_vre.services.datalake import rucio_cfg
from escape_vre.services.datalake.client import RucioClient
from escape_vre.services.datalake.models import Instance, InstanceSettings
from escape_vre.services.datalake.network import VARIABLES as NETWORK_VARIABLES
from escape_vre.services.datalake.network import Network, network
from escape_vre.services.datalake.peer import Peer, not_read
from escape_vre.services.datalake.sign_in import hint, sources
from escape_vre.services.datalake.storage import LakeStorage

_LOCATING = ("RUCIO_CONFIG", "RUCIO_HOME", "VIRTUAL_ENV", "CONDA_PREFIX")
"""Variables that have said all they can once the rucio.cfg is found."""

KEPT = 16
"""Connections kept for different identities of different callers."""


class DataLake(Configurable):
    """The data lake."""

    instances = List(
        Dict(),
        help="Rucio servers; the first is the default. Each is a mapping of name, title,"
        " url, auth_url, auth (auto, hub, oidc, userpass, token_file, environment, rucio_cfg, x509"
        " or x509_proxy), audience, issuer, client_id, scope, account, vo, username, password_file,"
        " token_file, ca_file, storage_cert_file, storage_key_file, storage_token, storage_hosts,"
        " plain_hosts, file_roots, proxy, no_proxy, timeout_s. Without any, the caller's own"
        " rucio.cfg is used.",
    ).tag(config=True)


@dataclass(slots=True)
class Connected:
    """One identity at one instance."""

    settings: InstanceSettings
    http: RemoteClient
    tokens: TokenChain
    rucio: RucioClient
    storage: LakeStorage

    @property
    def account(self) -> str:
        """The account that jobs are keyed by; what the token says where none is configured."""
        return self.settings.account or ""


class Instances:
    """All configured instances.

    Raises
    ------
    ConfigurationError
        An entry is not valid; the message names it.
    """

    def __init__(self, config: Config, keyring: Keyring) -> None:
        self._keyring = keyring
        ours = configured(DataLake, config).instances
        peer = Peer(config.get("RucioConfig", {}))
        entries = [(f"DataLake.instances[{n}]", entry) for n, entry in enumerate(ours)]
        entries += peer.entries()
        self._elsewhere = peer.remote()
        self._settings: dict[str, InstanceSettings] = {}
        for where, entry in entries:
            found = _checked(entry, where)
            if self._settings.setdefault(found.name, found) is not found:
                raise ConfigurationError(
                    f"{where}: the name {found.name} is used twice.",
                    hint="Give each instance its own name.",
                )
        if default := peer.default(() if ours else self._settings):
            self._settings = {default: self._settings[default]} | self._settings
        self._devices = {
            name: keyring.device(
                Registration(
                    issuer=settings.issuer or "",
                    client_id=settings.client_id or "",
                    audience=settings.audience,
                    scope=settings.scope,
                    ca_file=settings.ca_file,
                ),
                title=settings.title or settings.name,
            )
            for name, settings in self._settings.items()
            if settings.auth == "oidc"
        }
        self._connected: OrderedDict[tuple[object, ...], Connected] = OrderedDict()

    def all(self, environment: Mapping[str, str]) -> list[Instance]:
        """Return every instance as clients may see it."""
        found = list(self._settings.values()) or [
            settings for settings, _ in [self._from_rucio_cfg(environment)] if settings
        ]
        for name, device in self._devices.items():  # a person may sign in next
            device.reach(network(self._settings[name], environment).proxies)
        return [
            Instance(
                name=s.name,
                title=s.title or s.name,
                url=s.url,
                account=s.account,
                auth=s.auth,
                identity=self._devices[s.name].id if s.name in self._devices else None,
            )
            for s in found
        ]

    def variables(self, environment: Mapping[str, str]) -> set[str]:
        """Return the names of the caller's variables that the configuration refers to."""
        found = {s.token_variable for s in self._settings.values() if s.token_variable}
        by_file = [s for s in self._settings.values() if s.auth == "rucio_cfg"]
        paths = {in_home(s.rucio_cfg) for s in by_file if s.rucio_cfg}
        if not self._settings or len(paths) < len(by_file):
            try:
                own = rucio_cfg.find(environment)
            except ConfigurationError:
                own = None
            paths |= {own} if own else set()
        return found.union(*map(rucio_cfg.variables, paths))

    def connect(self, name: str | None, environment: Mapping[str, str]) -> Connected:
        """Return the client of an instance for this caller; connects to nothing yet.

        Raises
        ------
        NotFoundError
            No instance of that name.
        ConfigurationError
            None is configured at all, or its files cannot be read.
        """
        settings, password = self._find(name, environment)
        way = network(settings, environment)
        if settings.name in self._devices:
            self._devices[settings.name].reach(way.proxies)
        # Callers with other variables are other people to Rucio: one's lack of a password must
        # not be remembered for the next. With a Hub or a provider there is one identity, whoever
        # asks: all kernels and jobs share its token, and its return.
        one = settings.auth in ("hub", "oidc")
        environment = {
            k: v
            for k, v in environment.items()
            if k not in _LOCATING and not (one or k in NETWORK_VARIABLES)
        }
        key = (settings, password, way, tuple(sorted(environment.items())))
        if key in self._connected:
            self._connected.move_to_end(key)
        else:
            self._connected[key] = self._connect(settings, password, way, environment)
            if len(self._connected) > KEPT:
                self._connected.popitem(last=False)
        return self._connected[key]

    async def close(self) -> None:
        """Close every connection."""
        for connected in self._connected.values():
            await connected.http.close()

    def _find(
        self, name: str | None, environment: Mapping[str, str]
    ) -> tuple[InstanceSettings, str]:
        if name in self._elsewhere:
            raise not_read(name, self._elsewhere[name])
        if not self._settings:
            settings, password = self._from_rucio_cfg(environment)
            if settings is None and self._elsewhere:
                raise not_read(*next(iter(self._elsewhere.items())))
            if settings is None:
                raise ConfigurationError(
                    "No data lake is configured.",
                    hint="Set DataLake.instances in escape_vre_config.json, or write a rucio.cfg."
                    " Run 'escape-vre demo' to try one on this machine.",
                )
            if name in (None, "", settings.name):
                return settings, password
        elif not name:
            return _completed(next(iter(self._settings.values())), environment)
        elif name in self._settings:
            return _completed(self._settings[name], environment)
        raise NotFoundError(
            f"There is no data lake called {name}.",
            hint=f"There are: {', '.join(self._settings) or 'rucio.cfg'}.",
        )

    def _from_rucio_cfg(
        self, environment: Mapping[str, str]
    ) -> tuple[InstanceSettings | None, str]:
        path = rucio_cfg.find(environment)
        return rucio_cfg.read(path, environment) if path else (None, "")

    def _connect(
        self,
        settings: InstanceSettings,
        password: str,
        way: Network,
        environment: Mapping[str, str],
    ) -> Connected:
        title = settings.title or settings.name
        by_certificate = settings.auth in ("x509", "x509_proxy")
        if by_certificate and way.cert_file is None:
            raise AuthError(
                f"There is no certificate to sign in to {title} with.",
                hint="Make one, for instance with voms-proxy-init, or name it in X509_USER_PROXY"
                " or in storage_cert_file.",
            )
        vo = settings.vo or environment.get("RUCIO_VO")
        shown = (way.cert_file, way.key_file) if by_certificate else ()
        http = RemoteClient(
            title,
            tls=tls_context(way.ca_file, *shown, system=way.system),
            timeout_s=settings.timeout_s,
            proxies=way.proxies,
            headers={"X-Rucio-VO": vo} if vo else None,
        )
        tokens = self._chain(settings, password, http, environment)
        rucio = RucioClient(
            settings.url, http=http, tokens=tokens, title=title, environment=environment
        )
        storage = LakeStorage(
            settings, network=way, tokens=tokens, rucio=rucio, environment=environment
        )
        return Connected(settings, http, tokens, rucio, storage)

    def _chain(
        self,
        settings: InstanceSettings,
        password: str,
        http: RemoteClient,
        environment: Mapping[str, str],
    ) -> TokenChain:
        if settings.auth == "oidc":
            return self._devices[settings.name].chain
        found: list[TokenSource] = []
        if settings.auth in ("auto", "hub"):
            optional = settings.auth == "auto"
            found.append(self._keyring.hub(settings.audience, optional=optional))
        if settings.auth != "hub":
            found += sources(settings, password, http, environment)
        return TokenChain(
            found,
            service=settings.title or settings.name,
            hint=hint(settings),
            clock=ServerClock(settings.url.rstrip("/") + "/ping", http=http),
        )


def _checked(entry: Mapping[str, Any], where: str) -> InstanceSettings:
    try:
        return InstanceSettings.model_validate(entry)
    except ValidationError as e:
        first = e.errors()[0]
        field = ".".join(["", *(str(part) for part in first["loc"])])
        raise ConfigurationError(
            f"{where}{field}: {first['msg']}.",
            hint="Fix it in escape_vre_config.",
        ) from e


def _completed(
    settings: InstanceSettings, environment: Mapping[str, str]
) -> tuple[InstanceSettings, str]:
    """Fill the missing fields of an ``auth: rucio_cfg`` entry from that file."""
    if settings.auth != "rucio_cfg":
        return settings, ""
    path = in_home(settings.rucio_cfg) if settings.rucio_cfg else rucio_cfg.find(environment)
    if path is None:
        raise ConfigurationError(
            f"The data lake {settings.name} needs a rucio.cfg, and none was found.",
            hint="Set RUCIO_CONFIG or RUCIO_HOME, or rucio_cfg in the configuration.",
        )
    found, password = rucio_cfg.read(path, environment)
    said = settings.model_dump(exclude={"auth", "rucio_cfg"}, exclude_unset=True)
    if "storage_cert_file" in said:  # the key of another certificate is none of this one
        said.setdefault("storage_key_file", None)
    if "proxy" in said:
        said.setdefault("no_proxy", ())
    return found.model_copy(update=said), password
