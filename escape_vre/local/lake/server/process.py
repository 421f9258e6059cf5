"""Child processes that never outlive the one that started them."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def spawn(
    command: Sequence[str],
    *,
    log: Path,
    at_our_end: signal.Signals = signal.SIGTERM,
    keep: Sequence[int] = (),
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a child that the kernel signals when this process ends for any reason.

    Parameters
    ----------
    command : sequence of str — program and arguments; never a secret, every user can read them.
    log : Path — both outputs are added to it.
    at_our_end : Signals — what the child gets when this process ends (Linux).
    keep : sequence of int — file descriptors that the child inherits.
    """
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - our own commands
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=keep,
            cwd=cwd,
            env=env,
            preexec_fn=tie_to_parent(at_our_end),
        )


def tie_to_parent(at_its_end: signal.Signals) -> Callable[[], None]:
    """Return the function that a new child calls before it executes its program."""
    parent = os.getpid()
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def tie() -> None:
        # A Ctrl-C in the terminal of a lake that is tied to `escape-vre demo` is the
        # supervisor's to handle: it ends the parts in their order.
        os.setsid()
        if libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, int(at_its_end), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return tie


def end_with_parent() -> None:
    """End this process when its parent ends, for kernels without such a signal."""
    if sys.platform == "linux":
        return
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def end(
    process: subprocess.Popen[bytes], *, how: signal.Signals = signal.SIGTERM, timeout_s: float = 5
) -> None:
    """Ask a child to end, and kill it after ``timeout_s``."""
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def last_line(log: Path) -> str:
    """Return the last output of a process, for a message to users."""
    try:
        lines = log.read_text(errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1] if lines else "no output"
