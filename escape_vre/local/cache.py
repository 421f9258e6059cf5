"""Programs that are installed once for all back ends of a user."""

import fcntl
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

Say = Callable[[str], None]


def cache_folder() -> Path:
    """Return the user's cache: ``$ESCAPE_VRE_CACHE``, else below ``$XDG_CACHE_HOME``."""
    own = os.environ.get("ESCAPE_VRE_CACHE")
    if own:
        return Path(own).absolute()
    shared = os.environ.get("XDG_CACHE_HOME")
    return (Path(shared) if shared else Path.home() / ".cache") / "escape-vre"


def is_complete(target: Path) -> bool:
    """Return whether the installation in this folder is complete."""
    return (target / "complete").exists()


def install_once(
    target: Path,
    build: Callable[[], None],
    say: Say,
    *,
    what: str,
    done: Callable[[], bool] | None = None,
) -> None:
    """Call ``build`` to fill a folder, unless it is filled; one process at a time.

    Programs may contain their own path, so the folder is filled in place, and counts as missing
    until its mark exists.

    Parameters
    ----------
    target : Path
        The folder; ``build`` finds it absent.
    build : callable
        Fills it; its exceptions are passed on.
    say : callable
        Called with messages about long steps.
    what : str
        What is installed, for the message of a waiting process.
    done : callable, optional
        Returns whether there is nothing to do; by default, whether the mark exists.
    """
    done = done or (lambda: is_complete(target))
    if done():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.with_name(f"{target.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Waiting for another process that installs {what} ...")
            fcntl.flock(lock, fcntl.LOCK_EX)
        if done():
            return
        began = time.monotonic()
        shutil.rmtree(target, ignore_errors=True)
        build()
        (target / "complete").touch()
        say(f"Installed in {time.monotonic() - began:.0f} s.")
