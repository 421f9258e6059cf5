"""Update ``requirements/tools.txt``: the versions of linters, test tools and documentation tools.

What the product itself runs with is not there: its ranges are tested with what is released.
``lock_tools.py NAME==VERSION ...`` changes only these (uv keeps the others).
"""

import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements/tools.txt"
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
TOOLS = ("test", "lint", "docs")


def name(line: str) -> str:
    """Return the normalized name of a requirement, and nothing for one of ours."""
    found = re.match(r"[\w.-]+", line)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found and "escape-vre" not in line else ""


def resolved(extras: list[str], *more: str) -> list[str]:
    """Return pins of all that some extras need, for every Python and system."""
    # 3.11 is the oldest that we run on.
    command = ["uv", "pip", "compile", "-q", "--no-header", "--no-annotate", "--universal"]
    command += ["--no-emit-index-url", "--python-version", "3.11", "pyproject.toml"]
    command += [f"--extra={extra}" for extra in extras]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "lock.txt")
        out.write_text(LOCK.read_text() if LOCK.exists() else "")  # versions that uv keeps
        options = [f"--upgrade-package={one}" for one in more]
        subprocess.run([*command, *options, "-o", str(out)], check=True, cwd=ROOT)
        return out.read_text().splitlines()


def main(*more: str) -> None:
    """Write the lock."""
    products = {name(line) for line in resolved([one for one in EXTRAS if one not in TOOLS])}
    direct = {name(line) for extra in TOOLS for line in EXTRAS[extra]}
    lines = [
        one
        for one in resolved(list(TOOLS), *more)
        if name(one) in direct - {""} or (name(one) and name(one) not in products)
    ]
    LOCK.parent.mkdir(exist_ok=True)
    LOCK.write_text("".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    main(*sys.argv[1:])
