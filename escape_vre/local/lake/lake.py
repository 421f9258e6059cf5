"""A real Rucio data lake on this machine, seen from the product's environment.

Standard library only: everything else runs in the lake's own environment, in other processes.
"""

import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from escape_vre.local.backend import Backend
from escape_vre.local.cache import Say
from escape_vre.local.usage import bytes_below, resident_bytes

from . import accounts, clients, environment, upload
from .control import Control
from .errors import LakeError
from .layout import GENERIC, HOST, SITES, Layout, write
from .rest import Rest
from .rses import rses
from .status import Status
from .trust import Trust, identity, keys_url

_PROVIDER_S = 20.0
# Rucio's names of scopes end at 25 characters, "user." included.
_ACCOUNT = re.compile("[a-z0-9_-]{1,20}")
_ACCOUNT_HINT = "An account has up to 20 characters: a-z, 0-9, - and _."


class Lake(Control, Backend):
    """One data lake, kept in one folder.

    Parameters
    ----------
    home : Path — everything of the lake is in this folder; lakes with different homes share
        nothing but the installed programs.
    policy : {"generic", "escape"} — permissions and schema of the Rucio server: Rucio's own
        ``generic``, or those of the ESCAPE lake. None keeps what the lake was made with, and
        makes a new one with ``generic``.
    say : called with one sentence about each long step.
    """

    noun = command = "lake"
    error = LakeError

    def __init__(self, home: Path, *, policy: str | None = None, say: Say | None = None) -> None:
        if policy not in (None, *SITES):
            raise LakeError(f"There is no policy {policy!r}.", f"Choose one of {', '.join(SITES)}.")
        self.layout = Layout(home.expanduser().absolute())
        self._policy = policy
        super().__init__(self.layout, say=say)

    @property
    def sites(self) -> tuple[str, ...]:
        """Names of the sites; they depend on the policy."""
        return self.layout.sites

    def install(self) -> None:
        """Install the lake's programs, once for all lakes.

        Raises
        ------
        LakeError — it could not be installed.
        """
        environment.install(self._say)

    def start(self, *, timeout_s: float | None = None, tied: bool = False) -> None:
        """Return when the lake answers; see ``Backend.start``.

        Raises
        ------
        LakeError — it did not get ready, or was made with a different policy.
        """
        made_with = self.layout.policy
        if self.layout.seeded.exists() and self._policy not in (None, made_with):
            raise LakeError(
                f"The lake in {self.home} was made with the policy {made_with}.",
                f"Start another with --home, or run `escape-vre lake reset --policy {self._policy}`"
                ", which erases this one.",
            )
        super().start(timeout_s=timeout_s, tied=tied)

    def reset(self, *, timeout_s: float | None = None) -> None:
        """Erase everything in it, and start again with the same policy unless given another."""
        self._policy = self._policy or self.layout.policy
        super().reset(timeout_s=timeout_s)

    @property
    def rses(self) -> tuple[str, ...]:
        """Names of all RSEs: the sites, one that is not deterministic, tape, and an archive."""
        return tuple(rses(self.layout))

    def leave_file(self, rse: str, where: str, content: bytes) -> str:
        """Write a file to an RSE without a word to Rucio; gives its PFN, to be registered.

        Parameters
        ----------
        where : str — path below the RSE's prefix, without a slash at its beginning.

        Raises
        ------
        LakeError — the lake was never started, or has no such RSE.
        """
        ports, found = self.layout.ports(), rses(self.layout).get(rse)
        if ports is None or found is None:
            raise LakeError(f"The lake has no RSE {rse}.", f"It has {', '.join(self.rses)}.")
        target = found.folder(self.layout) / where
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        return f"https://{HOST}:{ports['sites'][found.host]}{found.prefix}/{quote(where)}"

    def trust(self, issuer: str, *, ca_file: Path | None = None, audience: str = "rucio") -> None:
        """Accept tokens of an identity provider, from now on and after every start.

        A lake trusts one provider: this one replaces another. Existing mappings to accounts
        are kept.

        Parameters
        ----------
        issuer : str — URL, exactly as tokens have it in ``iss``.
        ca_file : Path or None — PEM; authorities for the provider's https, else the system's.
        audience : str — what tokens must have in ``aud``.

        Raises
        ------
        LakeError — the provider does not answer, or has a different issuer; nothing changed.
        """
        if not audience or audience.split() != [audience]:
            raise LakeError(
                f"{audience!r} is not an audience: it must be one word.",
                "Set the name that the provider writes into tokens for Rucio.",
            )
        ca = None if ca_file is None else str(ca_file.expanduser().absolute())
        if ca is not None and not Path(ca).is_file():
            raise LakeError(
                f"There is no file {ca}.",
                "Set the PEM file with the provider's certificate authority.",
            )
        keys_url(issuer, ca_file=ca, timeout_s=_PROVIDER_S)
        self._make_home()
        with self._locked(self.layout.trust_lock):
            before = Trust.read(self.layout.trust)
            Trust(issuer, audience, ca, before.identities).write(self.layout.trust)

    def distrust(self) -> None:
        """Accept no more tokens of a provider, including those accepted before."""
        if not self.layout.trust.exists():
            return
        with self._locked(self.layout.trust_lock):
            before = Trust.read(self.layout.trust)
            Trust(identities=before.identities).write(self.layout.trust)

    @property
    def trusted(self) -> Trust:
        """The trusted provider, and the accounts of its users."""
        return Trust.read(self.layout.trust)

    def map_identity(self, subject: str, account: str, *, issuer: str | None = None) -> None:
        """Map a user of a provider to an account, created if it does not exist.

        A new one has the rights of ``demo``: it reads everything, and writes to its own scope
        ``user.<account>``. A user with another account loses it when the token in use
        expires.

        Parameters
        ----------
        subject : str — ``sub`` of the person's tokens.
        issuer : str or None — ``iss`` of the person's tokens, else the trusted provider's.

        Raises
        ------
        LakeError — Rucio does not run, or refuses the account.
        """
        issuer = issuer or self.trusted.issuer
        if issuer is None:
            raise LakeError(
                "This lake trusts no identity provider.",
                "Start it with `escape-vre lake start --issuer URL`, or name one with --issuer.",
            )
        if not _ACCOUNT.fullmatch(account) or not subject:
            raise LakeError(f"{account!r} cannot be an account of {subject!r}.", _ACCOUNT_HINT)
        whose, rest = identity(subject, issuer), self.rest()
        with self._locked(self.layout.trust_lock), rest:
            known = self.trusted
            accounts.ensure(rest, account, self.rses)
            accounts.assign(rest, whose, account, before=known.identities.get(whose))
            known.with_identity(whose, account).write(self.layout.trust)

    def add_account(self, account: str) -> None:
        """Make an ordinary account with a password, like ``demo``; nothing if it exists.

        It owns the scope ``user.<account>`` and has a limit of 1 TB at each RSE. ``instance``,
        ``rest`` and ``rucio_environment`` take its name.

        Raises
        ------
        LakeError — Rucio does not run, or the name is not valid.
        """
        ports = self.layout.ports()
        if not _ACCOUNT.fullmatch(account):
            raise LakeError(f"{account!r} cannot be an account.", _ACCOUNT_HINT)
        rest = self.rest()
        with self._locked(self.layout.trust_lock), rest:
            accounts.add(rest, account, self.rses, password=self.layout.password(account))
        if ports is not None:
            clients.configure(self.layout, ports, account)

    def set_limit(self, account: str, site: str, size: int | None) -> None:
        """Set how much an account's rules may lock at a site.

        Parameters
        ----------
        size : int or None — bytes; None removes the limit, and the account may then make no
            rule there.

        Raises
        ------
        LakeError — Rucio does not run, or there is no such account or site.
        """
        with self.rest() as rest:
            accounts.limit(rest, account, site, size)

    def status(self) -> Status:
        """Return the lake's status; starts nothing."""
        state, problem = self._state(was_started=self.layout.seeded.exists())
        ports = self.layout.ports()
        pids = self.layout.state().get("pids", {}) if self._alive() else {}
        return Status(
            state=state,
            problem=problem,
            home=str(self.home),
            url=clients.url(ports) if ports else None,
            policy=self.layout.policy,
            issuer=self.trusted.issuer,
            pids=pids,
            bytes={
                "database": bytes_below(self.layout.database),
                **{site: bytes_below(self.layout.site(site)) for site in self.sites},
            },
            memory_bytes=resident_bytes(set(pids.values())),
        )

    def instance(self, account: str = "demo") -> dict[str, object]:
        """Return the lake as an entry of our configuration's list of Rucio instances.

        Parameters
        ----------
        account : str — ``demo``, ``root``, or one made with ``add_account``.

        Raises
        ------
        LakeError — the lake was never started.
        """
        return {
            "name": "demo",
            "title": "Demo data lake",
            "url": self.url,
            "auth": "userpass",
            "account": account,
            "username": account,
            "password_file": str(self.layout.password(account)),
            "ca_file": str(self.layout.ca),
            "storage_cert_file": str(self.layout.client_identity),
            "proxy": "",  # it is on this machine, wherever HTTP_PROXY leads
        }

    def token_instance(self, *, client_id: str | None = None) -> dict[str, object]:
        """Return the entry for users with a token of the trusted provider.

        Parameters
        ----------
        client_id : str or None — the provider's client for device sign-in, for users without
            a Hub that gives them tokens.

        Raises
        ------
        LakeError — the lake was never started, or trusts no provider.
        """
        trusted = self.trusted
        if trusted.issuer is None:
            raise LakeError(
                "This lake trusts no identity provider.",
                "Start it with `escape-vre lake start --issuer URL`.",
            )
        entry: dict[str, object] = {
            "name": "demo",
            "title": "Demo data lake",
            "url": self.url,
            "auth": "hub",
            "audience": trusted.audience,
            "ca_file": str(self.layout.ca),
            "storage_token": "rucio",
            "storage_hosts": [HOST],
            "proxy": "",
        }
        if client_id is not None:
            # Keycloak knows an audience as a scope of that name.
            scope = f"openid profile offline_access {trusted.audience}"
            entry |= {"auth": "oidc", "issuer": trusted.issuer}
            entry |= {"client_id": client_id, "scope": scope}
        return entry

    @property
    def url(self) -> str:
        """URL of Rucio's REST API; raises LakeError before the first start."""
        ports = self.layout.ports()
        if ports is None:
            raise LakeError(
                f"There is no lake in {self.home}.", "Start one: `escape-vre lake start`."
            )
        return clients.url(ports)

    @property
    def rucio(self) -> Path:
        """Path of the ``rucio`` command that belongs to the lake."""
        return environment.folder() / "bin" / "rucio"

    def rucio_environment(self, account: str = "demo") -> dict[str, str]:
        """Return the environment variables with which ``rucio`` speaks to this lake.

        Parameters
        ----------
        account : str — ``demo``, ``root``, or one made with ``add_account``.
        """
        return {
            "RUCIO_CONFIG": str(self.layout.client_config(account)),
            "X509_USER_PROXY": str(self.layout.client_identity),
        }

    def rest(self, account: str = "root", *, timeout_s: float = 120) -> Rest:
        """Return a connection to Rucio's REST API, to be entered with ``with``."""
        return Rest(
            self.url,
            account=account,
            password_file=self.layout.password(account),
            ca_file=self.layout.ca,
            timeout_s=timeout_s,
        )

    def upload_many(
        self, scope: str, dataset: str, files: upload.Contents, *, site: str | None = None
    ) -> None:
        """Put many files into a new or old dataset quickly; see ``upload.upload_many``.

        Parameters
        ----------
        site : str or None — a site or another RSE that is deterministic; None for the first site.
        """
        with self.rest() as rest:
            upload.upload_many(self.layout, rest, scope, dataset, files, site=site or self.sites[0])

    def multiply(self, scope: str, name: str, count: int) -> None:
        """Repeat a file as ``count`` files, ``name.000001`` and so on, within seconds.

        They share the first one's checksum but have no bytes of their own at the sites: good
        for listing, not for fetching. Attach them over REST if they are to be in a dataset.

        Raises
        ------
        LakeError — there is no such file, or there are such files already.
        """
        try:
            environment.run("lake.server.multiply", str(self.home), scope, name, str(count))
        except subprocess.CalledProcessError as error:
            said = str(error.stderr).strip().splitlines()[-1:]
            raise LakeError(
                f"{scope}:{name} could not be multiplied: {' '.join(said)}",
                "It needs a running lake, and a file that was not multiplied before.",
            ) from error

    def _spawn(self, *, tied: bool) -> None:
        if not self.layout.seeded.exists():
            self.layout.policy_file.parent.mkdir(mode=0o700, exist_ok=True)
            write(self.layout.policy_file, f"{self._policy or GENERIC}\n")
        super()._spawn(tied=tied)

    def _answers(self) -> bool:
        try:
            with self.rest("demo", timeout_s=5):
                return self.layout.state().get("state") == "ready"
        except (LakeError, OSError):
            return False

    def _supervisor(self) -> tuple[Sequence[str], Mapping[str, str]]:
        command = [str(environment.python()), "-m", "lake.server.supervisor", str(self.home)]
        return command, environment.own_environment()
