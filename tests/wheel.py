"""Our wheel, as a release would have it."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.install import uv_environment

ROOT = Path(__file__).parents[1]
LABEXTENSION = "escape_vre/labextension"


def build(out: Path) -> Path:
    """Build the wheel into a folder, from a copy of what is in the tree and not ignored.

    A build writes into the tree that it is given, from which other tests import meanwhile.

    Raises
    ------
    subprocess.CalledProcessError
        It could not be built; ``stderr`` says why.
    """
    # Whoever tests may not be who cloned.
    listing = ["git", "-c", "safe.directory=*", "ls-files", "-z", "-co", "--exclude-standard"]
    done = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True, text=True)
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder, "tree")
        for name in filter(None, done.stdout.split("\0")):
            if (ROOT / name).is_file():
                (tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, tree / name)
        # Building the JavaScript again would take a minute and prove nothing that make has not.
        shutil.copytree(ROOT / LABEXTENSION, tree / LABEXTENSION)
        uv = Path(sys.executable).with_name("uv")
        command = [str(uv), "build", "-q", "--wheel", "--python", sys.executable]
        environment = {**uv_environment(), "SKIP_JUPYTER_BUILDER": "1"}
        subprocess.run(
            [*command, "--out-dir", folder, str(tree)],
            env=environment,
            capture_output=True,
            check=True,
            text=True,
        )
        (built,) = Path(folder).glob("*.whl")
        return Path(shutil.copy(built, out))
