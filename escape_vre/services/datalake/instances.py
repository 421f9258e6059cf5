"""The configured Rucio servers, and a client for each identity that calls."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from traitlets import Dict, List
from traitlets.config import Config, Configurable

from escape_vre.core.errors import ConfigurationError, NotFoundError
from escape_vre.core.http import RemoteClient, tls_context
from escape_vre.core.keyring import Keyring
from escape_vre.core.oidc import Registration
from escape_vre.core.settings import configured
from escape_vre.core.tokens import EnvironmentToken, TokenChain, TokenFile, TokenSource
from escape_vre.services.datalake import rucio_cfg
from escape_vre.services.datalake.client import (
    PasswordSource,
    RucioClient,
    UserPassSource,
    X509Source,
)
from escape_vre.services.datalake.models import Instance, InstanceSettings
from escape_vre.services.datalake.storage import LakeStorage

KEPT = 16
"""Connections kept for different identities of different callers."""


class DataLake(Configurable):
    """The data lake."""

    instances = List(
        Dict(),
        help="Rucio servers, the first one being the default. Each is a mapping of name, title,"
        " url, auth_url, auth (auto, hub, oidc, userpass, token_file, environment, rucio_cfg or"
        " x509), audience, issuer, client_id, scope, account, vo, username, password_file,"
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
        An entry makes no sense; the message names it.
    """

    def __init__(self, config: Config, keyring: Keyring) -> None:
        self._keyring = keyring
        ours = configured(DataLake, config).instances
        peers = config.get("RucioConfig", {}).get("instances", [])
        entries = [(f"DataLake.instances[{n}]", entry) for n, entry in enumerate(ours)]
        entries += [(f"RucioConfig.instances[{n}]", _of_peer(e)) for n, e in enumerate(peers)]
        self._settings: dict[str, InstanceSettings] = {}
        for where, entry in entries:
            found = _checked(entry, where)
            if self._settings.setdefault(found.name, found) is not found:
                raise ConfigurationError(
                    f"{where}: there is another data lake called {found.name}.",
                    hint="Give each instance a name of its own.",
                )
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
        if settings.auth in ("hub", "oidc"):
            # One identity, whoever asks: all kernels and jobs share its token, and its return.
            environment = {k: v for k, v in environment.items() if k == "X509_USER_PROXY"}
        # Callers with other variables are other people to Rucio: one's lack of a password must
        # not be remembered for the next.
        key = (settings, password, tuple(sorted(environment.items())))
        if key in self._connected:
            self._connected.move_to_end(key)
        else:
            self._connected[key] = self._connect(settings, password, environment)
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
        if not self._settings:
            settings, password = self._from_rucio_cfg(environment)
            if settings is None:
                raise ConfigurationError(
                    "No data lake is configured.",
                    hint="Set DataLake.instances in escape_vre_config.json, or write a rucio.cfg;"
                    " 'escape-vre demo' shows one that runs on this machine.",
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
        self, settings: InstanceSettings, password: str, environment: Mapping[str, str]
    ) -> Connected:
        title = settings.title or settings.name
        cert_file = settings.storage_cert_file or environment.get("X509_USER_PROXY")
        http = RemoteClient(
            title,
            tls=tls_context(settings.ca_file, cert_file if settings.auth == "x509" else None),
            timeout_s=settings.timeout_s,
        )
        tokens = self._chain(settings, password, http, environment)
        rucio = RucioClient(
            settings.url, http=http, tokens=tokens, title=title, environment=environment
        )
        storage = LakeStorage(
            settings,
            cert_file=cert_file,
            key_file=settings.storage_key_file,
            tokens=tokens,
            rucio=rucio,
            environment=environment,
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
        sources: list[TokenSource] = []
        if settings.auth in ("auto", "hub"):
            optional = settings.auth == "auto"
            sources.append(self._keyring.hub(settings.audience, optional=optional))
        if settings.auth != "hub":
            sources += _sources(settings, password, http, environment)
        return TokenChain(sources, service=settings.title or settings.name, hint=_hint(settings))


def _checked(entry: Mapping[str, Any], where: str) -> InstanceSettings:
    try:
        return InstanceSettings.model_validate(entry)
    except ValidationError as e:
        first = e.errors()[0]
        field = ".".join(["", *(str(part) for part in first["loc"])])
        raise ConfigurationError(
            f"{where}{field}: {first['msg']}.",
            hint="Correct it in escape_vre_config.",
        ) from e


def _completed(
    settings: InstanceSettings, environment: Mapping[str, str]
) -> tuple[InstanceSettings, str]:
    """Fill what an entry of ``auth: rucio_cfg`` leaves out from that file."""
    if settings.auth != "rucio_cfg":
        return settings, ""
    path = Path(settings.rucio_cfg) if settings.rucio_cfg else rucio_cfg.find(environment)
    if path is None:
        raise ConfigurationError(
            f"The data lake {settings.name} is to be used with a rucio.cfg, and there is none.",
            hint="Set RUCIO_CONFIG or RUCIO_HOME, or rucio_cfg in the configuration.",
        )
    found, password = rucio_cfg.read(path, environment)
    said = settings.model_dump(exclude={"auth", "rucio_cfg"}, exclude_unset=True)
    return found.model_copy(update=said), password


def _of_peer(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Read an entry of rucio-jupyterlab's ``RucioConfig.instances``, so that a site can switch."""
    return {
        "name": entry.get("name"),
        "title": entry.get("display_name") or "",
        "url": entry.get("rucio_base_url"),
        "auth_url": entry.get("rucio_auth_url"),
        "ca_file": entry.get("rucio_ca_cert") or None,
        "auth": "token_file" if entry.get("oidc_auth_source") else "environment",
        "token_file": entry.get("oidc_auth_source"),
    }


def _sources(
    settings: InstanceSettings, password: str, http: RemoteClient, environment: Mapping[str, str]
) -> list[TokenSource]:
    """Return the sources beside the Hub, in the order of ``core/tokens.py``."""
    if settings.auth == "token_file":
        return [TokenFile(Path(settings.token_file or ""))]
    title = settings.title or settings.name
    auth_url = settings.auth_url or settings.url
    account = settings.account or environment.get("RUCIO_ACCOUNT", "")
    username = settings.username or environment.get("RUCIO_USERNAME") or account
    if settings.auth == "x509":
        return [X509Source(auth_url, http=http, title=title, account=account)]
    by_environment = settings.auth in ("auto", "environment")
    secret = (
        PasswordSource(variable="RUCIO_PASSWORD")
        if by_environment
        else PasswordSource(settings.password_file, variable="RUCIO_PASSWORD", value=password)
    )
    by_password = UserPassSource(
        auth_url, http=http, title=title, account=account, username=username, password=secret
    )
    if settings.auth == "userpass":
        return [by_password]
    return [
        EnvironmentToken("RUCIO_AUTH_TOKEN"),
        TokenFile(variable="RUCIO_AUTH_TOKEN_FILE"),
        by_password,
    ]


def _hint(settings: InstanceSettings) -> str:
    if settings.auth == "token_file":
        return f"Sign in again, so that {settings.token_file} is written anew."
    if settings.auth == "hub":
        return "Sign in again at the JupyterHub."
    if settings.auth in ("auto", "environment"):
        return "Set RUCIO_AUTH_TOKEN, or RUCIO_AUTH_TOKEN_FILE to the file that holds your token."
    if settings.auth == "x509":
        return "Renew your proxy certificate, for instance with voms-proxy-init."
    return "Write your password into the password_file of the configuration."
