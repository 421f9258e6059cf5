"""Another user of this machine, who listens where our agent should and writes down what comes."""

import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path

from escape_vre.core.location import locate

UID = 65534
_END = b"that was all"
_LISTEN = """
import os, socket, sys
path, uid, end = sys.argv[1], int(sys.argv[2]), sys.argv[3].encode()
listening = socket.socket(socket.AF_UNIX)
listening.bind(path)
os.chmod(path, 0o666)
os.setgid(uid), os.setuid(uid)
listening.listen(128)
print("listens", flush=True)
seen = b""
while end not in seen:
    connection, _ = listening.accept()
    connection.settimeout(5)
    try:
        while part := connection.recv(65536):
            seen += part
            if end in seen: break
            if b"\\r\\n\\r\\n" in part:
                connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\n{}")
    except OSError:
        pass
    connection.close()
sys.stdout.buffer.write(seen.replace(end, b""))
"""


@contextlib.contextmanager
def listening(*, folder_mode=0o755, folder_uid=UID):
    """Take the place of the test's agent; yields a function that ends it and says what it got."""
    place = locate()
    place.runtime.mkdir(exist_ok=True)
    place.runtime.chmod(folder_mode)
    process = subprocess.Popen(
        [sys.executable, "-c", _LISTEN, str(place.socket), str(UID), _END.decode()],
        stdout=subprocess.PIPE,
    )
    assert process.stdout.readline() == b"listens\n"
    os.chown(place.runtime, folder_uid, folder_uid)

    def heard():
        with socket.socket(socket.AF_UNIX) as last:
            last.connect(str(place.socket))
            last.sendall(_END)
        return process.communicate(timeout=60)[0]

    try:
        yield heard
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
        os.chown(place.runtime, os.getuid(), os.getgid())
        Path(place.socket).unlink()
