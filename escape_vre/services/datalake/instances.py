"""The configured Rucio servers, and a client for each identity that calls."""

from collections.abc import Mapping
from dataclasses import dataclass

from traitlets import Dict, List
from traitlets.config import Config, Configurable

from escape_vre.core.caller import in_home
from escape_vre.core.clock import ServerClock
from escape_vre.core.errors import AuthError, ConfigurationError, NotFoundError
from escape_vre.core.form import FormKind, Typed
from escape_vre.core.http import RemoteClient
from escape_vre.core.instances import Instances
from escape_vre.core.keyring import Keyring
from escape_vre.core.settings import configured
from escape_vre.core.tls import tls_context
from escape_vre.core.tokens import GivenToken, TokenChain
from escape_vre.services.datalake import rucio_cfg
from escape_vre.services.datalake.client import RucioClient
from escape_vre.services.datalake.models import Instance, LakeSettings
from escape_vre.services.datalake.network import VARIABLES, LakeNetwork, network
from escape_vre.services.datalake.peer import Peer, not_read
from escape_vre.services.datalake.sign_in import by_password, hint, sources
from escape_vre.services.datalake.storage import LakeStorage

_LOCATING = ("RUCIO_CONFIG", "RUCIO_HOME", "VIRTUAL_ENV", "CONDA_PREFIX")
"""Variables that have said all they can once the rucio.cfg is found."""

_COPY = "Check that you have copied it in full, and that it has not expired."


class DataLake(Configurable):
    """The data lake."""

    instances = List(
        Dict(),
        help="Rucio servers; the first is the default. Each is a mapping of "
        + ", ".join(LakeSettings.model_fields)
        + ". Without any, the caller's own rucio.cfg is used.",
    ).tag(config=True)


@dataclass(slots=True)
class Connected:
    """One identity at one instance."""

    settings: LakeSettings
    http: RemoteClient
    tokens: TokenChain
    rucio: RucioClient
    storage: LakeStorage

    @property
    def account(self) -> str:
        """The account that jobs are keyed by; what the token says where none is configured."""
        return self.settings.account or ""


class LakeInstances(Instances[LakeSettings, Connected]):
    """All configured instances.

    Raises
    ------
    ConfigurationError
        An entry is not valid; the message names it.
    """

    noun = "data lake"
    login = "%dl login"
    not_who = (*VARIABLES, *_LOCATING)

    def __init__(self, config: Config, keyring: Keyring) -> None:
        ours = configured(DataLake, config).instances
        peer = Peer(config.get("RucioConfig", {}))
        entries = [(f"DataLake.instances[{n}]", entry) for n, entry in enumerate(ours)]
        self._elsewhere = peer.remote()
        super().__init__(LakeSettings, [*entries, *peer.entries()], keyring)
        if default := peer.default(() if ours else self._settings):
            self._settings = {default: self._settings[default]} | self._settings

    def all(self, environment: Mapping[str, str]) -> list[Instance]:
        """Return every instance as clients may see it."""
        found = self.settings(environment)
        for settings in found:  # a person may sign in next
            self._reach(settings, network(settings, environment))
        return [
            Instance(
                name=s.name,
                title=s.shown,
                url=s.url,
                account=s.account,
                auth=s.auth,
                identity=self.identity(s),
            )
            for s in found
        ]

    def settings(self, environment: Mapping[str, str]) -> list[LakeSettings]:
        """Return every instance as it is configured; without any, that of the rucio.cfg."""
        return list(self._settings.values()) or [
            settings for settings, _ in [self._from_rucio_cfg(environment)] if settings
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

        def make(who: Mapping[str, str]) -> Connected:
            return self._connect(settings, password, way, who)

        return self._kept(settings, way, environment, make, password)

    def _find(self, name: str | None, environment: Mapping[str, str]) -> tuple[LakeSettings, str]:
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
            raise NotFoundError(
                f"There is no data lake called {name}.", hint="There is only that of rucio.cfg."
            )
        return _completed(self._named(name), environment)

    def _from_rucio_cfg(self, environment: Mapping[str, str]) -> tuple[LakeSettings | None, str]:
        path = rucio_cfg.find(environment)
        return rucio_cfg.read(path, environment) if path else (None, "")

    def _connect(
        self,
        settings: LakeSettings,
        password: str,
        way: LakeNetwork,
        environment: Mapping[str, str],
    ) -> Connected:
        http = self._http(settings, way, environment)
        form = None if password else self._form(settings)
        tokens = self._chain(
            settings,
            lambda: sources(settings, password, http, environment, form),
            hint=hint(settings),
            clock=ServerClock(settings.url.rstrip("/") + "/ping", http=http),
        )
        rucio = _rucio(settings, http, tokens, environment)
        storage = LakeStorage(
            settings, network=way, tokens=tokens, rucio=rucio, environment=environment
        )
        return Connected(settings, http, tokens, rucio, storage)

    def _asks(self, settings: LakeSettings) -> FormKind | None:
        if settings.auth == "userpass" and not settings.password_file:
            return "password"
        return super()._asks(settings)

    def _proposed(self, settings: LakeSettings) -> str:
        return settings.username or settings.account or ""

    async def _try(
        self, settings: LakeSettings, typed: Typed, environment: Mapping[str, str]
    ) -> None:
        http = self._http(settings, network(settings, environment), environment)
        try:
            if settings.auth == "userpass":
                await by_password(settings, "", http, environment, None).sign_in(typed)
                return
            chain = TokenChain([GivenToken(typed.secret)], service=settings.shown, hint=_COPY)
            await _rucio(settings, http, chain, environment).whoami()
        except AuthError as e:
            if settings.auth == "userpass" or e.hint == _COPY:
                raise
            raise AuthError(f"{settings.shown} does not accept this token.", hint=_COPY) from e
        finally:
            await http.close()

    def _http(
        self, settings: LakeSettings, way: LakeNetwork, environment: Mapping[str, str]
    ) -> RemoteClient:
        title = settings.shown
        by_certificate = settings.auth in ("x509", "x509_proxy")
        if by_certificate and way.cert_file is None:
            raise AuthError(
                f"There is no certificate to sign in to {title} with.",
                hint="Make one, for instance with voms-proxy-init, or name it in X509_USER_PROXY"
                " or in storage_cert_file.",
            )
        vo = settings.vo or environment.get("RUCIO_VO")
        shown = (way.cert_file, way.key_file) if by_certificate else ()
        return RemoteClient(
            title,
            tls=tls_context(way.ca_file, *shown, system=way.system),
            timeout_s=settings.timeout_s,
            proxies=way.proxies,
            headers={"X-Rucio-VO": vo} if vo else None,
            deadline_s=settings.deadline_s,
            pace=self._pace(settings),
        )


def _rucio(
    settings: LakeSettings,
    http: RemoteClient,
    tokens: TokenChain,
    environment: Mapping[str, str],
) -> RucioClient:
    return RucioClient(
        settings.url, http=http, tokens=tokens, title=settings.shown, environment=environment
    )


def _completed(settings: LakeSettings, environment: Mapping[str, str]) -> tuple[LakeSettings, str]:
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
