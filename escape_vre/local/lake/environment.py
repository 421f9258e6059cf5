"""The virtual environment that Rucio's server runs in, shared by all lakes of a user."""

import hashlib
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

from escape_vre.local.cache import Say, cache_folder, install_once, is_complete

from .errors import LakeError

REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def folder() -> Path:
    """Return the folder of the environment for these requirements and this Python."""
    key = hashlib.sha256(REQUIREMENTS.read_bytes())
    key.update(f"{sys.version_info[:2]} {sysconfig.get_platform()}".encode())
    return cache_folder() / f"lake-{key.hexdigest()[:12]}"


def python() -> Path:
    """Return the environment's interpreter."""
    return folder() / "bin" / "python"


def installed() -> bool:
    """Return whether the environment is complete and its Python still there."""
    return is_complete(folder()) and python().exists()


def install(say: Say) -> None:
    """Make the environment unless it is there; takes about half a minute, once.

    Raises
    ------
    LakeError — no environment could be made, with pip's last words.
    """
    install_once(folder(), lambda: _build(folder(), say), say, what="Rucio", done=installed)


def clean_environment() -> dict[str, str]:
    """Return this process's environment without variables of another Python."""
    dropped = {"PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__"}
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in dropped and not name.startswith(("RUCIO_", "X509_"))
    }
    return {**kept, "PYTHONNOUSERSITE": "1"}


def own_environment() -> dict[str, str]:
    """Return the variables of a process of ours, which knows this folder as package ``lake``."""
    return {
        **clean_environment(),
        "PYTHONPATH": str(Path(__file__).parent.parent),
        "PYTHONSAFEPATH": "1",
    }


def run(module: str, *arguments: str) -> str:
    """Run a module in the lake's environment to its end; gives what it printed.

    Raises
    ------
    subprocess.CalledProcessError — it failed.
    """
    done = subprocess.run(  # noqa: S603 - our own modules
        [str(python()), "-m", module, *arguments],
        env=own_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def _build(target: Path, say: Say) -> None:
    say(f"Installing Rucio's server into {target} (once, about 100 MB to download) ...")
    interpreter = getattr(sys, "_base_executable", None) or sys.executable
    _run(
        [interpreter, "-m", "venv", str(target)],
        "Could not create a virtual environment for Rucio's server",
        "On Debian and Ubuntu, install python3-venv.",
    )
    _run(
        [
            *(str(python()), "-m", "pip", "install", "--disable-pip-version-check"),
            *("--no-input", "--no-deps", "--only-binary", ":all:", "-r", str(REQUIREMENTS)),
        ],
        "Could not install Rucio's server",
        "Check the network and pip's configuration, then try again.",
    )


def _run(command: list[str], problem: str, hint: str) -> None:
    environment = clean_environment()
    # A --target or --user of the user's own would put the packages elsewhere.
    for name in ("PIP_TARGET", "PIP_PREFIX", "PIP_USER"):
        environment.pop(name, None)
    try:
        done = subprocess.run(  # noqa: S603 - our own commands
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise LakeError(f"{problem}: {error}.", hint) from error
    if done.returncode:
        lines = [line for line in done.stdout.splitlines() if line.strip()][-5:]
        raise LakeError(f"{problem}: {' | '.join(lines) or 'no reason given'}", hint)
