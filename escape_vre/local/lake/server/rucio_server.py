"""The Rucio process: REST API and daemons.

Run as ``python -m lake.server.rucio_server HOME DESCRIPTOR``, the descriptor being the number
of a socket that already listens.
"""

# These modules run as the package "lake", in an environment that has no escape_vre.
# ruff: noqa: TID252

import logging
import os
import signal
import socket
import sys
import threading
import warnings
from pathlib import Path

from ..layout import Layout
from . import patches
from .process import end_with_parent

_LOG = logging.getLogger(__name__)


def main(home: str, _part: str, descriptor: str) -> None:
    """Serve until SIGTERM."""
    signal.signal(signal.SIGTERM, lambda _number, _frame: os._exit(1))
    # Only later does anybody have a reason to send it.
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    end_with_parent()
    layout = Layout(Path(home))
    ports = layout.ports()
    if ports is None:
        sys.exit("the supervisor has not chosen ports")
    patches.accept_policy(layout.policy)
    patches.apply(layout.server_config)
    # The reaper deletes over WebDAV like any client.
    os.environ["X509_USER_PROXY"] = str(layout.client_identity)
    from . import schema

    schema.wait_for_database()
    schema.ensure(layout)
    # Importing these reads Rucio's tables.
    from . import api, daemons, seed, tokens, transfer, usage

    tokens.accept(layout)
    workers = daemons.Daemons(usage.StorageUsage(layout).tell)
    transfers = transfer.register(layout, ports, workers.wake)
    listener = socket.socket(fileno=int(descriptor))
    server = api.server(listener, layout.server_identity, workers.watch)
    server.prepare()
    threading.Thread(target=server.serve, name="api", daemon=True).start()
    code = 1
    try:
        seed.ensure(layout, ports)
        workers.start()
        end = threading.Event()
        signal.signal(signal.SIGTERM, lambda _number, _frame: end.set())

        def look(_number: int, _frame: object) -> None:
            transfers.look()
            workers.wake(repair=True)

        signal.signal(signal.SIGUSR1, look)
        layout.rucio_ready.touch()
        end.wait()
        workers.stop()
        code = 0
    except Exception:  # noqa: BLE001 - the process's boundary
        _LOG.exception("Rucio ends")
    # The server's threads would keep the process for as long as their clients stay connected;
    # what they have not yet committed, the database forgets.
    os._exit(code)


if __name__ == "__main__":
    # Rucio warns of every boolean that its own client sends as a number.
    logging.basicConfig(level=logging.ERROR)
    # ... and its WebDAV client, that it does not verify what it speaks to.
    warnings.filterwarnings("ignore", "Unverified HTTPS request")
    main(*sys.argv[1:])
