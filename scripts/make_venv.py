"""Create the virtual environment, with pip alone, or exit with one sentence that says why not."""

import subprocess
import sys
import venv
from pathlib import Path

target = Path(sys.argv[1])
if sys.version_info < (3, 11):
    sys.exit(
        f"escape-vre needs Python 3.11 or newer; this is {sys.version.split()[0]}."
        " Choose another: make PYTHON=python3.12"
    )
try:
    venv.EnvBuilder(with_pip=True, clear=True).create(target)
except (subprocess.CalledProcessError, OSError) as e:
    sys.exit(
        f"Could not create the virtual environment {target} ({e})."
        " On Debian: apt install python3-venv"
    )
