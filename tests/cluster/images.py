"""The shipped Dockerfiles, built as they are, and put where the cluster pulls from."""

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.cluster import processes, registries, tools
from tests.cluster.errors import ClusterError
from tests.cluster.places import CACHE, HERE, PAUSE, REGISTRY, ROOT, RUN, given_kubeconfig
from tests.cluster.tools import Say
from tests.wheel import build as build_wheel

DEBIAN = "docker.io/library/debian:trixie-slim"
"""What the user image starts from. None can be pulled here: it is made of Debian's packages."""

Z2JH_HUB = "quay.io/jupyterhub/k8s-hub:4.4.0"
"""What the hub image starts from; here, a stand-in with the same programs."""

PROXY = "quay.io/jupyterhub/configurable-http-proxy:5.2.0"
"""What Zero to JupyterHub runs beside the hub; here, the program that npm has."""

IMAGES = ROOT / "images"
DIST = IMAGES / "dist"
_STORE = CACHE / "images"
_WHEEL_SOURCES = ("escape_vre", "jupyter-config", "pyproject.toml", "package.json", "README.md")


@dataclass(frozen=True)
class Image:
    """An image and how it is built.

    Parameters
    ----------
    name : str
        Without registry and tag.
    dockerfile, context : Path
        What is built, and the folder that it may copy from.
    base : str
        What it starts from.
    """

    name: str
    dockerfile: Path
    context: Path
    base: str
    arguments: Mapping[str, str] = field(default_factory=dict)

    @property
    def tagged(self) -> str:
        """Name and tag as the chart's values have them; the version of this tree."""
        return f"{self.name}:{version()}"

    @property
    def built(self) -> str:
        """What it is called on this machine."""
        return f"localhost/{self.tagged}"


def user() -> Image:
    """Return what people's servers run in."""
    return Image("escape-vre-user", IMAGES / "user/Dockerfile", IMAGES, DEBIAN, _said())


def hub() -> Image:
    """Return what JupyterHub runs in."""
    return Image("escape-vre-hub", IMAGES / "hub/Dockerfile", IMAGES, Z2JH_HUB, _said())


def version() -> str:
    """Return the version of this tree."""
    found: str = json.loads((ROOT / "package.json").read_text())["version"]
    return found


def build(say: Say) -> None:
    """Build both images; what has not changed since the last time is not built again.

    Raises
    ------
    ClusterError
        A Dockerfile does not build, or the wheel does not.
    """
    wheel(say)
    _debian(say)
    _build(Z2JH_HUB, HERE / "hub_base/Dockerfile", HERE / "hub_base", {"BASE": DEBIAN}, say)
    _build(PROXY, HERE / "proxy_base/Dockerfile", _proxy(say), {"BASE": DEBIAN}, say)
    for image in (user(), hub()):
        arguments = {"BASE": image.base, **image.arguments}
        _build(image.built, image.dockerfile, image.context, arguments, say)


def push(image: Image, say: Say) -> str:
    """Put an image where the cluster pulls from; returns its digest, ``sha256:...``."""
    say(f"Pushing {image.tagged} ...")
    # A name without a registry and a folder means Docker Hub's own to whoever pulls.
    target = registry() if given_kubeconfig() else f"{REGISTRY}/library"
    return _push(image.built, f"{target}/{image.tagged}")


def push_proxy(say: Say) -> None:
    """Put the proxy into the node's registry; a cluster that was given can pull the real one."""
    say(f"Pushing {PROXY} ...")
    _push(PROXY, f"{REGISTRY}/{PROXY.partition('/')[2]}")


def push_pause(say: Say) -> None:
    """Put the image of pods' first process into the node's registry."""
    folder = CACHE / "pause"
    if not (folder / "pause").exists():
        folder.mkdir(parents=True, exist_ok=True)
        tools.go("pause.go", into=folder, what="pause", cwd=HERE / "pause", say=say)
    _build(PAUSE, HERE / "pause/Dockerfile", folder, {}, lambda _: None)
    _push(PAUSE, f"{REGISTRY}/{PAUSE.removeprefix('localhost/')}")


def prune() -> None:
    """Remove images of other versions of ours, and layers that no image is made of any more."""
    ours = {user().built, hub().built}
    listed = json.loads(_buildah("images", "--json").stdout) or []
    names = {name for image in listed for name in image.get("names") or ()}
    for name in sorted(names - ours):
        if name.startswith("localhost/escape-vre-"):
            _buildah("rmi", name)
    _buildah("rm", "--all")  # of builds that were killed
    _buildah("rmi", "--prune")


def registry() -> str:
    """Return the registry that the cluster pulls from.

    Raises
    ------
    ClusterError
        A cluster was given and no registry of it.
    """
    if given_kubeconfig() is None:
        return REGISTRY
    given = os.environ.get("ESCAPE_VRE_REGISTRY")
    if not given:
        raise ClusterError(
            "KUBECONFIG names a cluster, but no registry is set that it pulls images from.",
            "Set ESCAPE_VRE_REGISTRY to a registry that this machine may push to.",
        )
    return given


def pulled(image: Image, digest: str = "") -> str:
    """Return the name by which pods pull an image; a digest in place of the tag, where given."""
    prefix = f"{registry()}/" if given_kubeconfig() else ""
    return f"{prefix}{image.name}@{digest}" if digest else f"{prefix}{image.tagged}"


def unpacked_bytes(image: Image) -> int:
    """Return how much an image takes on a node's disk."""
    said = _buildah("images", "--json", image.built).stdout
    # "1.23 GB", as buildah writes it for people: no other command tells the size.
    number, unit = json.loads(said)[0]["size"].split()
    scale = {"B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9}
    return int(float(number) * scale[unit])


def described(image: Image) -> dict[str, Any]:
    """Return an image's configuration as OCI has it: labels, environment, user, history."""
    said = json.loads(_buildah("inspect", "--type", "image", image.built).stdout)
    found: dict[str, Any] = said["OCIv1"]
    return found


def wheel(say: Say) -> None:
    """Build the wheel of this tree into ``images/dist``, unless the one there is newer than all.

    Raises
    ------
    ClusterError
        The browser's side has not been built, or the wheel could not be.
    """
    if not (ROOT / "escape_vre/labextension/package.json").exists():
        raise ClusterError("The JupyterLab extension is not built.", "Call `make .stamps/product`.")
    sources = [ROOT / name for name in _WHEEL_SOURCES]
    files = [path for source in sources for path in (source, *source.rglob("*")) if path.is_file()]
    changed = max(
        path.stat().st_mtime
        for path in files
        if "__pycache__" not in path.parts and path.name != "_version.py"
    )
    there = sorted(DIST.glob("*.whl"))
    if len(there) == 1 and there[0].stat().st_mtime >= changed:
        return
    for old in there:
        old.unlink()
    say("Building the wheel ...")
    DIST.mkdir(exist_ok=True)
    try:
        build_wheel(DIST)
    except subprocess.CalledProcessError as e:
        raise ClusterError(f"The wheel could not be built: {e.stderr.strip()[-2000:]}") from e


def _said() -> dict[str, str]:
    """Return what the images' labels say of this tree."""
    revision = subprocess.run(
        # Whoever tests may not be who cloned.
        ["git", "-c", "safe.directory=*", "rev-parse", "HEAD"],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
    ).stdout.strip()
    return {"VERSION": version(), "REVISION": revision}


def _proxy(say: Say) -> Path:
    """Install the proxy as the tree's ``package.json`` has it; returns the folder it is in."""
    chosen = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    wanted = f"configurable-http-proxy@{chosen['configurable-http-proxy']}"
    folder = CACHE / wanted
    if not (folder / "package-lock.json").exists():
        command = ["npm", "install", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"]
        command += [f"--prefix={folder}", wanted]
        tools.persistently(lambda: _run(command, env=dict(os.environ)), say)
    return folder


def _debian(say: Say) -> None:
    if _buildah("images", "-q", DEBIAN, check=False).stdout.strip():
        return
    say("Building a Debian 13 base image from packages ...")
    root = _STORE / "debian.tar"
    command = ["mmdebstrap", "-q", "--variant=minbase", "--include=ca-certificates"]
    archive = registries.debian()
    command += ["trixie", str(root), *([] if archive is None else [archive])]

    def attempt() -> None:
        root.unlink(missing_ok=True)
        _run(command, env=dict(os.environ))

    tools.persistently(attempt, say)
    container = _buildah("from", "scratch").stdout.strip()
    _buildah("add", "-q", container, root, "/")
    _buildah("commit", "-q", "--rm", container, DEBIAN)
    root.unlink()


def _build(
    name: str, dockerfile: Path, context: Path, arguments: Mapping[str, str], say: Say
) -> None:
    say(f"Building {name} ...")
    given = [f"--build-arg={key}={value}" for key, value in arguments.items()]
    # The machine's own way to PyPI; nothing of it stays in the image.
    with registries.pip_mounts() as mounts:
        volumes = [f"-v={path}:{place}:ro" for path, place in mounts]
        command = ["bud", "--layers", "--network=host", "--pull=never", "-q", *volumes, *given]
        command += ["-t", name, "-f", str(dockerfile), str(context)]
        tools.persistently(lambda: _buildah(*command), say)  # layers that are made stay made


def _push(name: str, target: str) -> str:
    with tempfile.NamedTemporaryFile("r") as digest:
        # Uncompressed: the registry is on this machine, and so is who pulls.
        _buildah(
            *("push", "-q", "--disable-compression", "--tls-verify=false"),
            *("--digestfile", digest.name, name, f"docker://{target}"),
            inside=given_kubeconfig() is None,
        )
        return digest.read().strip()


def _buildah(
    command: str, *words: str | Path, inside: bool = False, check: bool = True
) -> subprocess.CompletedProcess[str]:
    (_STORE / "tmp").mkdir(parents=True, exist_ok=True)
    configuration, policy = _STORE / "storage.conf", _STORE / "policy.json"
    configuration.write_text(
        f'[storage]\ndriver = "overlay"\ngraphroot = "{_STORE}/graph"\nrunroot = "{RUN}/images"\n'
    )
    policy.write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
    takes_policy = command in {"bud", "commit", "push"}
    options = ["--signature-policy", policy] if takes_policy else []
    whole = ["buildah", command, *map(str, [*options, *words])]
    environment = {
        **os.environ,
        "CONTAINERS_STORAGE_CONF": str(configuration),
        "BUILDAH_ISOLATION": "chroot",
        "TMPDIR": str(_STORE / "tmp"),
    }
    return _run(processes.inside(*whole) if inside else whole, env=environment, check=check)


def _run(
    command: list[str], *, env: Mapping[str, str], check: bool = True
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(tools.tied(command), check=False, capture_output=True, text=True, env=env)
    if check and done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-3000:]
        raise ClusterError(f"`{' '.join(command)}` failed: {said}")
    return done
