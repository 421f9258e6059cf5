"""A site: our chart on the cluster, with a real Keycloak and a real lake beside it."""

import secrets
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from escape_vre.local.idp import Idp
from escape_vre.local.lake.lake import Lake
from escape_vre.local.lake.layout import HOST
from tests.cluster import chart, images, volumes
from tests.cluster.kubectl import apply, get, kubectl
from tests.cluster.places import STATE, given_kubeconfig
from tests.cluster.release import Release

SECRET = "escape-hub"
PEOPLE = ("alice", "bob")


@dataclass
class Site:
    """What a site consists of; tests break its parts and mend them again.

    Parameters
    ----------
    release : Release
        The chart.
    idp, lake : Idp, Lake
        They listen where pods can reach them: see ``HOST``.
    port : int
        Of the node: where browsers find the hub.
    """

    release: Release
    idp: Idp
    lake: Lake
    port: int

    @classmethod
    def below(cls, folder: Path, name: str, port: int) -> Self:
        """Return the site of a name, whose back ends live in a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        packed = chart.assembled(Path(tempfile.mkdtemp(dir=folder)))
        return cls(Release(name, packed), Idp(folder / "idp"), Lake(folder / "lake"), port)

    @cached_property
    def url(self) -> str:
        """Where people find the hub."""
        addresses = get("nodes")["items"][0]["status"]["addresses"]
        (node,) = (one["address"] for one in addresses if one["type"] == "InternalIP")
        return f"http://{node}:{self.port}/"

    @property
    def origins(self) -> tuple[str, str]:
        """What a browser must take for secure, as a real site has TLS for it."""
        return self.url.rstrip("/"), self.idp.issuer.partition("/realms/")[0]

    def start_back_ends(self, *, tied: bool) -> None:
        """Start Keycloak and the lake, which trusts it and knows its people.

        Parameters
        ----------
        tied : bool
            Whether they end when this process ends.
        """
        self.idp.start(tied=tied, redirect_uris=(f"{self.url}hub/oauth_callback",))
        self.lake.start(tied=tied)
        self.lake.trust(self.idp.issuer)
        for user in PEOPLE:
            self.lake.map_identity(self.idp.subject(user), user)

    def install(self, *more: Mapping[str, Any], options: Sequence[str] = ()) -> str:
        """Install the chart, or upgrade it; returns what Helm says.

        Parameters
        ----------
        more : mapping
            Values over those of the site.
        """
        self.release.make_namespace()
        secret = {
            "escape.client-secret": self.idp.client_secret("hub"),
            "escape.keys": secrets.token_hex(32),
        }
        if not self.release.has("secret", SECRET):
            metadata = {"name": SECRET, "namespace": self.release.name}
            apply(
                {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": secret}
            )
        example = chart.EXAMPLES / "site-keycloak.yaml"
        with volumes.default_class():
            return self.release.install(example, self.values(), *more, options=options)

    def values(self) -> dict[str, Any]:
        """Return what differs from the example: addresses, and what this cluster has not."""
        lake = {**self.lake.token_instance(), "name": "escape"}
        del lake["ca_file"]  # it is the site's authority
        return {
            "global": {
                "escape": {
                    "login": {
                        "issuer": self.idp.issuer,
                        "allow_http": True,
                        "admin_groups": ["/vre-admins"],
                        "recheck_s": 30,
                    },
                    "authorities": self.lake.layout.ca.read_text(),
                    "lakes": [lake],
                }
            },
            "jupyterhub": {
                "hub": {"db": {"pvc": {"storageClassName": None}}},
                "singleuser": {
                    "memory": {"guarantee": "256M"},
                    "storage": {"dynamic": {"storageClass": None}, "capacity": "1Gi"},
                },
                "proxy": {"service": {"type": "NodePort", "nodePorts": {"http": self.port}}},
                "httpRoute": {"enabled": False},
                "prePuller": {"hook": {"enabled": False}, "continuous": {"enabled": False}},
                "scheduling": {
                    "userScheduler": {"enabled": False},
                    "userPlaceholder": {"enabled": False},
                },
            },
        }

    def how_to_reach(self) -> str:
        """Say where the site is, and who may sign in."""
        people = "\n".join(f"  {user}  {self.idp.password(user)}" for user in PEOPLE)
        return (
            f"{self.url}\n{people}\n"
            "Keycloak's cookies require TLS, which this site does not have. Use a separate browser"
            f" profile:\n  chromium --user-data-dir=$(mktemp -d)"
            f" --unsafely-treat-insecure-origin-as-secure={','.join(self.origins)} {self.url}"
        )

    def stop(self) -> None:
        """Remove the chart, and end what is beside it."""
        self.release.remove()
        try:
            self.lake.stop()
        finally:
            self.idp.stop()

    def server(self, user: str) -> str:
        """Return the name of a user's pod."""
        (pod,) = self.release.pods(self.label(user))
        return pod

    def label(self, user: str) -> str:
        """Return what selects a user's pods."""
        return f"component=singleuser-server,hub.jupyter.org/username={user}"

    def inside(self, user: str, *command: str, check: bool = True) -> str:
        """Run a command in a user's server; returns what it printed."""
        namespace = self.release.name
        done = kubectl(
            "exec",
            "-n",
            namespace,
            self.server(user),
            "-c",
            "notebook",
            "--",
            *command,
            check=check,
        )
        return done.stdout

    def has(self, user: str, path: str) -> bool:
        """Tell whether a file is below the folder that a user's server shows."""
        return "yes" in self.inside(user, "sh", "-c", 'test -e "$1" && echo yes || true', "-", path)

    def environment(self, user: str) -> dict[str, str]:
        """Return the environment of a user's server."""
        said = self.inside(user, "sh", "-c", "tr '\\0' '\\n' < /proc/1/environ")
        return dict(line.split("=", 1) for line in said.splitlines() if "=" in line)

    def address(self, user: str) -> str:
        """Return the IP address of a user's pod."""
        found = get("pod", "-n", self.release.name, self.server(user))
        address: str = found["status"]["podIP"]
        return address

    def claim(self, user: str) -> str:
        """Return the name of the volume claim that a user's home is on."""
        volumes = get("pod", "-n", self.release.name, self.server(user))["spec"]["volumes"]
        (found,) = (
            one["persistentVolumeClaim"] for one in volumes if "persistentVolumeClaim" in one
        )
        name: str = found["claimName"]
        return name

    def objects_of(self, user: str) -> list[str]:
        """Return the names of the pods and volume claims that a user has."""
        found = get("pods,persistentvolumeclaims", "-n", self.release.name)["items"]
        return [
            one["metadata"]["name"]
            for one in found
            if one["metadata"].get("annotations", {}).get("hub.jupyter.org/username") == user
        ]

    def servers(self) -> dict[str, str]:
        """Return people's pods, and what tells each from one of the same name."""
        found = get("pods", "-n", self.release.name, "-l", "component=singleuser-server")["items"]
        return {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in found}


def _newest_images() -> dict[str, Any]:
    """Name images by what is in them: a node keeps what it has pulled under a tag."""
    if given_kubeconfig():
        return {}
    parts = {"hub": images.hub(), "singleuser": images.user()}
    digests = {part: images.push(image, lambda _: None) for part, image in parts.items()}
    return {
        "jupyterhub": {
            part: {"image": {"tag": f"{images.version()}@{digest}"}}
            for part, digest in digests.items()
        }
    }


def main() -> None:
    """Install the chart to stay, and say how to reach it."""
    if given_kubeconfig() and HOST == "127.0.0.1":
        folder = Path(tempfile.mkdtemp())
        laptop = Release("laptop", chart.assembled(folder))
        said = laptop.install(chart.EXAMPLES / "laptop.yaml")
        shutil.rmtree(folder)
    else:
        site = Site.below(STATE / "site", "vre", 32080)
        site.start_back_ends(tied=False)
        site.install(_newest_images())
        said = site.how_to_reach()
    sys.stdout.write(f"{said}\n")


if __name__ == "__main__":
    main()
