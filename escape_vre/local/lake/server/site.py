"""The process of one storage site.

Run as ``python -m lake.server.site HOME SITE DESCRIPTOR``. Its own process, so that Rucio's
and the other site's work does not slow its bytes: Python runs one thread at a time.
"""

# These modules run as the package "lake", in an environment that has no escape_vre.
# ruff: noqa: TID252

import signal
import socket
import sys
from pathlib import Path

from ..behaviour import Current
from ..layout import Layout
from . import storage
from .bearer import Bearer
from .process import end_with_parent


def main(home: str, site: str, descriptor: str) -> None:
    """Serve until SIGTERM."""
    layout = Layout(Path(home))
    end_with_parent()
    storage.serve(
        socket.socket(fileno=int(descriptor)),
        root=layout.site(site),
        ca=layout.ca,
        identity=layout.server_identity,
        token=layout.storage_token.read_text().strip(),
        bearer=Bearer(layout),
        behaviour=Current(layout.behaviour),
    )
    signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
