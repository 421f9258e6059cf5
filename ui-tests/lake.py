"""What the UI tests need of the demo's lake: ``python ui-tests/lake.py HOME seed|pids``.

``seed`` adds scope ``ui``: 10,500 files to scroll through and a dataset with a large file.
``pids`` prints the lake's processes as JSON, so that a test can have a site fall silent.
"""

import json
import sys
from pathlib import Path

from escape_vre.local.lake.lake import Lake
from escape_vre.local.lake.rest import path

SCOPE = "ui"
MANY = 10_500
LARGE_BYTES = 64_000_000


def main(home: Path, action: str) -> None:
    """Do one of the two."""
    lake = Lake(home / "lake")
    if action == "seed":
        seed(lake)
    print(json.dumps(lake.status()["pids"]))


def seed(lake: Lake) -> None:
    """Fill the scope; does nothing when it is there."""
    with lake.rest() as rest:
        if any(SCOPE in some for some in rest.call("GET", "/scopes/")):
            return
        rest.call("POST", path("accounts", "demo", "scopes", SCOPE))
        rest.add_files(
            lake.sites[0],
            [
                {"scope": SCOPE, "name": f"run.{n:06d}.fits", "bytes": n + 1, "adler32": "00000001"}
                for n in range(MANY)
            ],
        )
    lake.upload_many(SCOPE, "large", [("large.bin", bytes(LARGE_BYTES))])


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
