"""Install packages with uv from where pip is configured to get them: ``install.py REQUIREMENT...``.

uv resolves and installs in a fraction of pip's time, but does not read pip's configuration, which
is where a machine says which index it uses.
"""

import ast
import os
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).parents[1] / "requirements"

_SECTIONS = ("global", "install", ":env:")
"""The later wins, as in pip."""

_UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "client-cert": "SSL_CLIENT_CERT",
    "proxy": "ALL_PROXY",
    "retries": "UV_HTTP_RETRIES",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
}
"""The variables of uv for what pip's settings say."""


def pip_settings() -> dict[str, str]:
    """Return what pip's files and variables say of its package index and how to reach it."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], check=True, capture_output=True, text=True
    )
    found: dict[str, dict[str, str]] = {section: {} for section in _SECTIONS}
    for line in done.stdout.splitlines():
        name, _, value = line.partition("=")
        section, _, key = name.rpartition(".")
        if section in found and key in _UV_NAMES:
            found[section][key] = str(ast.literal_eval(value))
    return {key: value for section in found.values() for key, value in section.items()}


def uv_environment() -> dict[str, str]:
    """Return our environment, in which uv uses the package index of pip here."""
    found = {}
    for key, value in pip_settings().items():
        words = value.split()
        found[_UV_NAMES[key]] = (",".join if key == "find-links" else " ".join)(words)
    if "UV_INDEX" in found:
        # Like pip, uv then takes the best version of all indexes, not of the first that has one.
        found["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return {**os.environ, **found}


def main(*wanted: str) -> int:
    """Install into the environment that runs this, uv itself by pip; returns the exit code."""
    uv = Path(sys.executable).with_name("uv")
    if not uv.exists():
        pip = [sys.executable, "-m", "pip", "install", "-q"]
        pip += ["-c", str(REQUIREMENTS / "tools.txt"), "uv"]
        if code := subprocess.run(pip, check=False).returncode:
            return code
    command = [str(uv), "pip", "install", "-q", "--python", sys.executable]
    command += ["--overrides", str(REQUIREMENTS / "overrides.txt"), *wanted]
    return subprocess.run(command, check=False, env=uv_environment()).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
