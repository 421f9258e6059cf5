"""The Rucio process: REST API and daemons.

Run as ``python -m lake.server.rucio_server HOME DESCRIPTOR``, the descriptor being the number
of a socket that already listens.
"""

import logging
import os
import signal
import socket
import sys
import threading
from pathlib import Path

from ..layout import Layout
from . import patches
from .process import end_with_parent


def main(home: str, _part: str, descriptor: str) -> None:
    """Serve until SIGTERM."""
    end = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: end.set())
    end_with_parent()
    layout = Layout(Path(home))
    ports = layout.ports()
    assert ports is not None
    patches.apply(layout.server_config)
    from . import schema

    schema.wait_for_database()
    schema.ensure(layout)
    # Importing these reads Rucio's tables.
    from . import api, daemons, seed, transfer

    transfer.register(layout, ports)
    workers = daemons.Daemons()
    listener = socket.socket(fileno=int(descriptor))
    server = api.server(listener, layout.server_identity, workers.watch)
    server.prepare()
    threading.Thread(target=server.serve, name="api", daemon=True).start()
    try:
        seed.ensure(layout, ports)
        workers.start()
        layout.rucio_ready.touch()
        end.wait()
        workers.stop()
    except Exception:
        logging.exception("Rucio ends")
        # The server's threads would keep the process, and the lake waiting for it.
        os._exit(1)
    server.stop()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    main(*sys.argv[1:])
