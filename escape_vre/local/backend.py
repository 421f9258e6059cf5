"""A back end in a folder: processes under a supervisor that holds a lock while it runs."""

import fcntl
import os
import shutil
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import ClassVar

from escape_vre.core.location import is_free
from escape_vre.local.cache import Say
from escape_vre.local.errors import LocalError
from escape_vre.local.lake.layout import Folder

_STOP_S = 30.0


class Backend(ABC):
    """Starts, ends and erases one back end; subclasses define its parts.

    The supervisor is a process that locks ``supervisor_lock`` before it detaches from its
    parent, and writes its state to ``state_file``. If its command ends in ``tied`` it ends
    when its standard input closes.
    """

    noun: ClassVar[str]
    """The name in messages."""
    command: ClassVar[str]
    """The word after ``escape-vre``."""
    article: ClassVar[str] = "a"
    error: ClassVar[type[LocalError]] = LocalError
    timeout_s: ClassVar[float] = 180

    def __init__(self, layout: Folder, *, say: Say | None = None) -> None:
        self._folder = layout
        self._say = say or (lambda _sentence: None)
        self._tie: int | None = None

    @property
    def home(self) -> Path:
        """The back end's folder, absolute."""
        return self._folder.home

    @abstractmethod
    def install(self) -> None:
        """Install the programs it needs, once for all back ends of its type."""

    @abstractmethod
    def _answers(self) -> bool:
        """Return whether it is ready for use."""

    @abstractmethod
    def _supervisor(self) -> tuple[Sequence[str], Mapping[str, str]]:
        """Return the supervisor's command and environment."""

    def _complete(self) -> None:  # noqa: B027 - most kinds have nothing more to do
        """Finish the start once the supervisor is ready; may be called again."""

    def start(self, *, timeout_s: float | None = None, tied: bool = False) -> None:
        """Return when it answers; at once if it already does.

        Parameters
        ----------
        timeout_s : float, optional
            For getting ready; installing is not counted.
        tied : bool
            End it when this process ends, however that ends. One that already runs stays as
            it is.

        Raises
        ------
        LocalError
            It did not get ready.
        """
        self.install()
        self._make_home()
        with self._locked(self._folder.start_lock):
            deadline = time.monotonic() + (timeout_s or self.timeout_s)
            # One that was just killed may take a moment to be gone.
            while self._alive() and time.monotonic() < deadline:
                if self._answers() and self._alive():
                    self._complete()
                    return
                time.sleep(0.02)
            if self._alive():
                raise self.error(
                    f"The {self.noun} in {self.home} runs but does not answer.",
                    f"Stop it with `escape-vre {self.command} stop`, then start it again.",
                )
            try:
                self._spawn(tied=tied)
                self._wait(deadline)
            except KeyboardInterrupt:
                self._stop()
                raise
            try:
                self._complete()
            except BaseException:
                self._stop()
                raise

    def stop(self) -> None:
        """End its processes, and return when they have ended.

        Raises
        ------
        LocalError
            They do not end.
        """
        if self._tie is not None:
            os.close(self._tie)
            self._tie = None
        if not self._folder.start_lock.exists():
            return
        with self._locked(self._folder.start_lock):
            self._stop()

    def reset(self, *, timeout_s: float | None = None) -> None:
        """Erase everything in it, including passwords and keys, and start again."""
        self.erase()
        self.start(timeout_s=timeout_s)

    def erase(self) -> None:
        """End it and remove its folder.

        Raises
        ------
        LocalError
            The folder is not one of this kind.
        """
        self.stop()
        if self.home.exists() and any(self.home.iterdir()):
            if not self._folder.start_lock.exists():
                raise self.error(
                    f"{self.home} is not the folder of {self.article} {self.noun}.",
                    f"Set the {self.noun}'s own folder with --home.",
                )
            shutil.rmtree(self.home)

    def _state(self, *, was_started: bool) -> tuple[str, str | None]:
        """Return absent, stopped, starting, ready or broken, and what is wrong, if anything."""
        said = self._folder.state()
        if self._alive():
            return said.get("state", "starting"), said.get("problem")
        if said.get("state") == "failed":
            return "broken", said.get("problem")
        if said:
            return "broken", f"the {self.noun} was killed; start it again, its data is kept"
        return ("stopped" if was_started else "absent"), None

    def _make_home(self) -> None:
        try:
            self._folder.start_lock.parent.mkdir(parents=True, exist_ok=True)
            self.home.chmod(0o700)
        except OSError as error:
            raise self.error(
                f"The {self.noun}'s folder {self.home} cannot be used: {error.strerror}.",
                "Choose another folder with --home.",
            ) from error

    @contextmanager
    def _locked(self, path: Path) -> Iterator[None]:
        with path.open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _alive(self) -> bool:
        """Return whether the supervisor runs: its lock ends with it; a process id may be reused."""
        return not is_free(self._folder.supervisor_lock)

    def _spawn(self, *, tied: bool) -> None:
        """Start the supervisor detached, so that it outlives this process."""
        log = self._folder.log("supervisor")
        log.parent.mkdir(mode=0o700, exist_ok=True)
        for old in log.parent.glob("*.log"):
            old.replace(old.with_suffix(".log.1"))
        self._folder.state_file.unlink(missing_ok=True)
        self._folder.supervisor_lock.touch()
        command, environment = self._supervisor()
        reading: int | None = None
        if tied:
            command = [*command, "tied"]
            reading, self._tie = os.pipe()
        with log.open("ab") as output:
            done = subprocess.run(  # noqa: S603 - our own command
                command,
                stdin=subprocess.DEVNULL if reading is None else reading,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd="/",
                env=environment,
                check=False,
            )
        if reading is not None:
            os.close(reading)
        if done.returncode:
            raise self._failed("its supervisor did not start")

    def _wait(self, deadline: float) -> None:
        while time.monotonic() < deadline:
            alive = self._alive()
            said = self._folder.state()
            if said.get("state") == "ready":
                return
            if not alive:
                raise self._failed(said.get("problem", "its supervisor ended"))
            time.sleep(0.01)
        self._stop()
        raise self._failed("it was not ready in time")

    def _failed(self, problem: str) -> LocalError:
        return self.error(
            f"The {self.noun} did not start: {problem}.",
            f"The logs in {self.home / 'log'} have details. To start again "
            f"from scratch, run `escape-vre {self.command} reset`.",
        )

    def _stop(self) -> None:
        pid = self._folder.state().get("pids", {}).get("supervisor")
        for how in (signal.SIGTERM, signal.SIGKILL):
            deadline = time.monotonic() + _STOP_S
            while self._alive() and time.monotonic() < deadline:
                pid = pid or self._folder.state().get("pids", {}).get("supervisor")
                if pid:
                    with suppress(ProcessLookupError):
                        os.kill(pid, how)
                time.sleep(0.05)
            if not self._alive():
                self._folder.state_file.unlink(missing_ok=True)
                return
        raise self.error(f"The {self.noun} in {self.home} did not stop.", f"Kill process {pid}.")
