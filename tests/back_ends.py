"""What tests run beside us and a cache keeps: ``python -m tests.back_ends`` installs all of it.

Tests install what is missing themselves, except where nothing can be downloaded. ``make back-ends``
does it before them, and tries again where the network fails.
"""

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from escape_vre.local.cache import cache_folder, install_once
from escape_vre.local.idp import Idp, installation
from escape_vre.local.lake import environment
from escape_vre.local.lake.lake import Lake

REANA_CLIENT = "reana-client==0.9.6"


def reana_client() -> Path:
    """Return the command, in an environment of its own: it cannot share ours (jsonschema<4)."""
    folder = cache_folder() / f"{REANA_CLIENT.replace('==', '-')}-py3.{sys.version_info[1]}"

    def build() -> None:
        venv.create(folder, with_pip=True)
        install = [folder / "bin" / "pip", "install", "-q", REANA_CLIENT, "setuptools<81"]
        subprocess.run(install, check=True)

    install_once(folder, build, print, what="reana-client")
    return folder / "bin" / "reana-client"


def missing() -> list[str]:
    """Return what of a lake and Keycloak is not installed yet."""
    installed = {"the lake": environment.installed(), "Keycloak": installation.installed()}
    return [name for name, there in installed.items() if not there]


def main() -> None:
    """Install a lake's programs, Keycloak and reana-client."""
    with tempfile.TemporaryDirectory() as folder:
        Lake(Path(folder) / "lake", say=print).install()
        Idp(Path(folder) / "idp", say=print).install()
    reana_client()


if __name__ == "__main__":
    main()
