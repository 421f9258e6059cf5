"""Everything that can be done with the cluster: ``python -m tests.cluster --help``."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO

from tests import back_ends
from tests.cluster import cache, images, kubectl, network, node, tools
from tests.cluster.errors import ClusterError
from tests.cluster.places import KUBECONFIG, ROOT, given_kubeconfig

APART = tuple(f"tests/cluster/test_{name}.py" for name in ("laptop", "node", "starting"))
"""Tests that need no site."""


def main() -> int:
    """Do what the command line says; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("tools", help="build Kubernetes, CoreDNS and Helm, once")
    actions.add_parser("images", help="build our images")
    actions.add_parser("packages", help="print the Debian packages that are missing")
    actions.add_parser("check", help="check that everything is installed that a cluster needs")
    actions.add_parser("up", help="start the node, and install the chart on it")
    actions.add_parser("down", help="stop the node, and remove everything of it")
    actions.add_parser("watch")  # what `test` starts beside itself
    test = actions.add_parser("test", help="run the tests on a node that is removed afterwards")
    run = actions.add_parser("run", help="run a command in the node's network, such as kubectl")
    for one in (test, run):
        one.add_argument("words", nargs=argparse.REMAINDER)
    given = parser.parse_args()
    try:
        return _do(given.action, getattr(given, "words", []))
    except ClusterError as e:
        print(e, file=sys.stderr)
        return 1


def _do(action: str, words: Sequence[str]) -> int:
    if action == "packages":
        print(" ".join(node.lacking()))
    elif action == "check":
        node.check()
    elif action == "tools":
        tools.ensure(_say)
    elif action == "images":
        node.check_images()
        with node.locked():
            images.build(_say)
    elif action == "up":
        with node.locked():
            _up()
            _install()
    elif action == "down":
        with node.locked():
            node.down()
    elif action == "run":
        command = kubectl.command("/usr/bin/env", *words)  # which looks up the program on our PATH
        os.execvpe(command[0], command, kubectl.environment())
    elif action == "watch":
        sys.stdin.read()
        node.down()
    else:
        return _test(words)
    return 0


def _up() -> None:
    node.check()
    if given_kubeconfig() is None:
        _check_back_ends()
        if not node.is_up():
            node.up(_say)
    began = time.monotonic()
    images.build(_say)
    for image in (images.user(), images.hub()):
        images.push(image, _say)
    if given_kubeconfig() is None:
        images.push_proxy(_say)
    _say(f"Images built and pushed in {time.monotonic() - began:.0f} s.")
    cache.prune(_say)


def _check_back_ends() -> None:
    """Keycloak and the lake run in the node's network, from which nothing can be downloaded."""
    if missing := back_ends.missing():
        raise ClusterError(
            f"Not installed: {', '.join(missing)}.", "Call `make back-ends`, which downloads them."
        )


def _install() -> None:
    if given_kubeconfig() is None and not network.is_linked():
        network.link()
    module = kubectl.command("/usr/bin/env", sys.executable, "-m", "tests.cluster.site")
    done = subprocess.run(module, check=False, cwd=ROOT, env=kubectl.environment())
    if done.returncode:
        raise ClusterError("The chart could not be installed.")
    if given_kubeconfig() is None:
        _say(
            f"KUBECONFIG={KUBECONFIG}\n"
            "  python -m tests.cluster run kubectl get pods -A\n"
            "  make cluster-down"
        )


def _test(words: Sequence[str]) -> int:
    with node.locked() as lock, _gone_afterwards(lock):
        _up()
        if words:
            return _pytest(*words).wait()
        # Both mostly wait. What one of them says comes when it has ended.
        with tempfile.TemporaryFile("w+") as said:
            beside = _pytest(*APART, output=said)
            code = _pytest("tests/cluster", *(f"--ignore={path}" for path in APART)).wait()
            code = beside.wait() or code
            said.seek(0)
            _say(said.read())
        return code


def _pytest(*words: str, output: IO[str] | None = None) -> "subprocess.Popen[bytes]":
    pytest = [sys.executable, "-m", "pytest", "-m", "cluster", *words]
    return subprocess.Popen(
        tools.tied(kubectl.command("/usr/bin/env", *pytest)),
        stdout=output,
        stderr=output and subprocess.STDOUT,
        cwd=ROOT,
        env=kubectl.environment(),
    )


@contextmanager
def _gone_afterwards(lock: int) -> Iterator[None]:
    """Take the node down afterwards, even if we are killed; one that was up before stays.

    A process of its own waits for the end of ours, and holds the lock until it is done.
    """
    if given_kubeconfig() or node.is_up():
        yield
        return
    watcher = subprocess.Popen(
        [sys.executable, "-m", "tests.cluster", "watch"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        pass_fds=[lock],
        start_new_session=True,
    )
    try:
        yield
    finally:
        watcher.communicate()
        if watcher.returncode:
            raise ClusterError("The cluster could not be removed.", "Call `make cluster-down`.")


def _say(sentence: str) -> None:
    print(sentence, flush=True)


if __name__ == "__main__":
    sys.exit(main())
