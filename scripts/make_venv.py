"""Make the virtual environment, or say in one sentence why it cannot be made."""

import subprocess
import sys
import venv
from pathlib import Path

target = Path(sys.argv[1])
if sys.version_info < (3, 11):
    sys.exit(
        f"escape-vre needs Python 3.11 or newer; this is {sys.version.split()[0]}."
        " Say which to use: make PYTHON=python3.12"
    )
try:
    venv.EnvBuilder(with_pip=True, clear=True).create(target)
except (subprocess.CalledProcessError, OSError) as e:
    sys.exit(
        f"The virtual environment {target} cannot be made ({e})."
        " On Debian: apt install python3-venv"
    )
