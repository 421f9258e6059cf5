"""A real Rucio data lake on this machine, seen from the product's environment.

Standard library only: everything else runs in the lake's own environment, in other processes.
"""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from . import accounts, environment, upload
from .environment import Say
from .errors import LakeError
from .layout import HOST, SITES, Layout, Ports
from .rest import Rest
from .status import Status, bytes_below, resident_bytes
from .trust import Trust, identity, keys_url

_STOP_S = 30.0
_PROVIDER_S = 5.0
# Rucio's names of scopes end at 25 characters, "user." included.
_ACCOUNT = re.compile("[a-z0-9_-]{1,20}")


class Lake:
    """One data lake, kept in one folder.

    Parameters
    ----------
    home : Path — everything of the lake is in this folder; lakes with different homes share
        nothing but the installed programs.
    say : called with one sentence where something takes long.
    """

    sites = SITES

    def __init__(self, home: Path, *, say: Say | None = None) -> None:
        self.layout = Layout(home.expanduser().absolute())
        self._say = say or (lambda _sentence: None)
        self._tie: int | None = None

    @property
    def home(self) -> Path:
        """The lake's folder, absolute."""
        return self.layout.home

    def install(self) -> None:
        """Install what the lake runs on, once for all lakes.

        Raises
        ------
        LakeError — it could not be installed.
        """
        environment.install(self._say)

    def start(self, *, timeout_s: float = 90, tied: bool = False) -> None:
        """Return when the lake answers; at once if it already does.

        Parameters
        ----------
        timeout_s : float — for getting ready; installing is not counted.
        tied : bool — end the lake when this process ends, however it ends. A lake that
            already runs stays as it is.

        Raises
        ------
        LakeError — it did not get ready.
        """
        self.install()
        self._make_home()
        with self._locked(self.layout.start_lock):
            deadline = time.monotonic() + timeout_s
            # One that was just killed may take a moment to be gone.
            while self._alive() and time.monotonic() < deadline:
                if self._answers():
                    return
                time.sleep(0.02)
            if self._alive():
                raise LakeError(
                    f"The lake in {self.home} runs but does not answer.",
                    "End it with `escape-vre lake stop`, then start it again.",
                )
            self._spawn(tied=tied)
            self._wait(deadline)

    def stop(self) -> None:
        """End the lake's processes, and return when they have ended.

        Raises
        ------
        LakeError — they do not end.
        """
        if self._tie is not None:
            os.close(self._tie)
            self._tie = None
        if not self.layout.start_lock.exists():
            return
        with self._locked(self.layout.start_lock):
            self._stop()

    def reset(self, *, timeout_s: float = 90) -> None:
        """Erase everything in the lake, its passwords and keys too, and start anew."""
        self.erase()
        self.start(timeout_s=timeout_s)

    def erase(self) -> None:
        """End the lake and remove its folder.

        Raises
        ------
        LakeError — the folder is not a lake's.
        """
        self.stop()
        if self.home.exists() and any(self.home.iterdir()):
            if not self.layout.start_lock.exists():
                raise LakeError(
                    f"{self.home} holds something else than a lake.",
                    "Give the lake's own folder with --home.",
                )
            shutil.rmtree(self.home)

    def trust(self, issuer: str, *, ca_file: Path | None = None, audience: str = "rucio") -> None:
        """Take tokens of an identity provider, from now on and after every start.

        A lake trusts one provider: this one replaces another. Accounts that people were given
        stay theirs.

        Parameters
        ----------
        issuer : str — URL, exactly as tokens have it in ``iss``.
        ca_file : Path or None — PEM; authorities for the provider's https, else the system's.
        audience : str — what tokens must have in ``aud``.

        Raises
        ------
        LakeError — the provider does not answer, or calls itself otherwise; nothing changed.
        """
        if not audience or audience.split() != [audience]:
            raise LakeError(
                f"{audience!r} is no audience: it is one word.",
                "Give the name that the provider writes into tokens for Rucio.",
            )
        ca = None if ca_file is None else str(ca_file.expanduser().absolute())
        if ca is not None and not Path(ca).is_file():
            raise LakeError(
                f"There is no file {ca}.", "Give the PEM with the provider's certificate authority."
            )
        keys_url(issuer, ca_file=ca, timeout_s=_PROVIDER_S)
        self._make_home()
        with self._locked(self.layout.trust_lock):
            before = Trust.read(self.layout.trust)
            Trust(issuer, audience, ca, before.identities).write(self.layout.trust)

    def distrust(self) -> None:
        """Take no tokens of a provider any more, also none that were taken before."""
        if not self.layout.trust.exists():
            return
        with self._locked(self.layout.trust_lock):
            before = Trust.read(self.layout.trust)
            Trust(identities=before.identities).write(self.layout.trust)

    @property
    def trusted(self) -> Trust:
        """Who is trusted, and which accounts people have."""
        return Trust.read(self.layout.trust)

    def map_identity(self, subject: str, account: str, *, issuer: str | None = None) -> None:
        """Give a person of a provider an account, made if it is not there.

        A new one has the rights of ``demo``: it reads everything, writes to its own scope
        ``user.<account>``. Somebody who had another account loses that one when the token in
        use expires.

        Parameters
        ----------
        subject : str — ``sub`` of the person's tokens.
        issuer : str or None — ``iss`` of the person's tokens, else the trusted provider's.

        Raises
        ------
        LakeError — Rucio does not run, or does not take such an account.
        """
        issuer = issuer or self.trusted.issuer
        if issuer is None:
            raise LakeError(
                "This lake trusts no identity provider whose people could have accounts.",
                "Start it with `escape-vre lake start --issuer URL`, or say whose with --issuer.",
            )
        if not _ACCOUNT.fullmatch(account) or not subject:
            raise LakeError(
                f"{account!r} cannot be an account of {subject!r}.",
                "Accounts have up to 20 of a-z, 0-9, - and _.",
            )
        whose, rest = identity(subject, issuer), self.rest()
        with self._locked(self.layout.trust_lock), rest:
            known = self.trusted
            accounts.ensure(rest, account)
            accounts.assign(rest, whose, account, before=known.identities.get(whose))
            known.with_identity(whose, account).write(self.layout.trust)

    def status(self) -> Status:
        """Say how the lake is; starts nothing."""
        said = self.layout.state()
        ports = self.layout.ports()
        alive = self._alive()
        state = said.get("state", "stopped") if alive else "stopped"
        if not alive and said.get("state") == "failed":
            state = "broken"
        elif not alive and said:
            state = "broken"
            said["problem"] = "the lake was killed; start it again, its data is kept"
        elif not self.layout.seeded.exists() and not alive:
            state = "absent"
        pids = said.get("pids", {}) if alive else {}
        return Status(
            state=state,
            problem=said.get("problem"),
            home=str(self.home),
            url=_url(ports) if ports else None,
            issuer=self.trusted.issuer,
            pids=pids,
            bytes={
                "database": bytes_below(self.layout.database),
                **{site: bytes_below(self.layout.site(site)) for site in SITES},
            },
            memory_bytes=resident_bytes(set(pids.values())),
        )

    def instance(self) -> dict[str, object]:
        """Give the lake as an entry of our configuration's list of Rucio instances.

        Raises
        ------
        LakeError — the lake was never started.
        """
        return {
            "name": "demo",
            "title": "Demo data lake",
            "url": self.url,
            "auth": "userpass",
            "account": "demo",
            "username": "demo",
            "password_file": str(self.layout.password("demo")),
            "ca_file": str(self.layout.ca),
            "storage_cert_file": str(self.layout.client_identity),
        }

    def token_instance(self, *, client_id: str | None = None) -> dict[str, object]:
        """Give the entry for people who come with a token of the trusted provider.

        Parameters
        ----------
        client_id : str or None — the provider's client for device sign-in, where people have no
            Hub that gives them tokens.

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
        }
        if client_id is not None:
            # Keycloak knows an audience as a scope of that name.
            scope = f"openid profile offline_access {trusted.audience}"
            entry |= {"auth": "oidc", "issuer": trusted.issuer}
            entry |= {"client_id": client_id, "scope": scope}
        return entry

    def admin(self) -> dict[str, object]:
        """Give the same for Rucio's account ``root``, which may do everything."""
        return {
            **self.instance(),
            "account": "root",
            "username": "root",
            "password_file": str(self.layout.password("root")),
        }

    @property
    def url(self) -> str:
        """URL of Rucio's REST API; raises LakeError before the first start."""
        ports = self.layout.ports()
        if ports is None:
            raise LakeError(
                f"There is no lake in {self.home}.", "Start one: `escape-vre lake start`."
            )
        return _url(ports)

    @property
    def rucio(self) -> Path:
        """Path of the ``rucio`` command that belongs to the lake."""
        return environment.folder() / "bin" / "rucio"

    def rucio_environment(self) -> dict[str, str]:
        """Give the environment variables with which ``rucio`` speaks to this lake as ``demo``."""
        return {
            "RUCIO_CONFIG": str(self.layout.client_config),
            "X509_USER_PROXY": str(self.layout.client_identity),
        }

    def rest(self, account: str = "root", *, timeout_s: float = 120) -> Rest:
        """Give a connection to Rucio's REST API, to be entered with ``with``."""
        return Rest(
            self.url,
            account=account,
            password_file=self.layout.password(account),
            ca_file=self.layout.ca,
            timeout_s=timeout_s,
        )

    def upload_many(
        self, scope: str, dataset: str, files: upload.Contents, *, site: str = SITES[0]
    ) -> None:
        """Put many files into a new or old dataset quickly; see ``upload.upload_many``."""
        with self.rest() as rest:
            upload.upload_many(self.layout, rest, scope, dataset, files, site=site)

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
                "It needs a lake that runs and a file that nobody multiplied before.",
            ) from error

    def _make_home(self) -> None:
        try:
            self.layout.start_lock.parent.mkdir(parents=True, exist_ok=True)
            self.home.chmod(0o700)
        except OSError as error:
            raise LakeError(
                f"The lake's folder {self.home} cannot be used: {error.strerror}.",
                "Choose another with --home.",
            ) from error

    @contextmanager
    def _locked(self, path: Path) -> Iterator[None]:
        with path.open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _alive(self) -> bool:
        """Say whether the supervisor lives: its lock goes with it, a process number may not."""
        try:
            with self.layout.supervisor_lock.open() as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def _answers(self) -> bool:
        try:
            with self.rest("demo", timeout_s=5):
                return self.layout.state().get("state") == "ready"
        except (LakeError, OSError):
            return False

    def _spawn(self, *, tied: bool) -> None:
        """Start the supervisor, which leaves our family: we need not reap it, nor it us."""
        self.layout.log("supervisor").parent.mkdir(mode=0o700, exist_ok=True)
        for old in self.layout.log("any").parent.glob("*.log"):
            old.replace(old.with_suffix(".log.1"))
        self.layout.state_file.unlink(missing_ok=True)
        self.layout.supervisor_lock.touch()
        command = [str(environment.python()), "-m", "lake.server.supervisor", str(self.home)]
        reading: int | None = None
        if tied:
            command.append("tied")
            reading, self._tie = os.pipe()
        with self.layout.log("supervisor").open("ab") as log:
            done = subprocess.run(  # noqa: S603 - our own command
                command,
                stdin=subprocess.DEVNULL if reading is None else reading,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd="/",
                env=environment.own_environment(),
                check=False,
            )
        if reading is not None:
            os.close(reading)
        if done.returncode:
            raise self._failed("its supervisor did not start")

    def _wait(self, deadline: float) -> None:
        while time.monotonic() < deadline:
            alive = self._alive()
            said = self.layout.state()
            if said.get("state") == "ready":
                return
            if not alive:
                raise self._failed(said.get("problem", "its supervisor ended"))
            time.sleep(0.01)
        self._stop()
        raise self._failed("it was not ready in time")

    def _failed(self, problem: str) -> LakeError:
        return LakeError(
            f"The lake did not start: {problem}.",
            f"The logs in {self.home / 'log'} say more; `escape-vre lake reset` begins anew.",
        )

    def _stop(self) -> None:
        pid = self.layout.state().get("pids", {}).get("supervisor")
        for how in (signal.SIGTERM, signal.SIGKILL):
            deadline = time.monotonic() + _STOP_S
            while self._alive() and time.monotonic() < deadline:
                pid = pid or self.layout.state().get("pids", {}).get("supervisor")
                if pid:
                    with suppress(ProcessLookupError):
                        os.kill(pid, how)
                time.sleep(0.05)
            if not self._alive():
                self.layout.state_file.unlink(missing_ok=True)
                return
        raise LakeError(f"The lake in {self.home} does not end.", f"End process {pid} by hand.")


def _url(ports: Ports) -> str:
    return f"https://{HOST}:{ports['rucio']}"
