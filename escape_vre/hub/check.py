"""What the chart's Job does before anything is installed or changed.

It runs in the new hub image, with the site's Secret where the hub will have it, and says in one
sentence what would keep the hub from starting.
"""

import json
import os
import ssl
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
from traitlets.config import Config

from escape_vre.core.errors import ConfigurationError, EscapeError
from escape_vre.core.text import sentence
from escape_vre.hub import mounted
from escape_vre.hub.configure import check_provider, check_secrets, check_someone_may
from escape_vre.hub.password import check_password
from escape_vre.hub.settings import Login, load

VARIABLES = (
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR"),
)
"""What the chart copies from the hub's variables, beside those that the settings name: how to reach
the provider, and whom to trust. The Job has no other secret of the hub."""

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where Kubernetes puts what a pod may ask it with."""


def check(given: Mapping[str, Any]) -> None:
    """Look at everything that a hub of these values would need.

    Parameters
    ----------
    given : mapping
        ``settings``: the values below ``global.escape``; ``secret``: the name of the site's
        Secret, or None; ``hub``: those of ``hub.config`` that say who may sign in, and whether
        there is a password; ``claims``: values that need a default StorageClass.

    Raises
    ------
    ConfigurationError
        With the sentence that names the value.
    """
    settings = load(given["settings"])
    if isinstance(settings.login, Login):
        _check_secret(given["secret"])
        check_secrets(settings)
        check_someone_may(_config(given["hub"]), settings.login)
        if settings.login.ca_file and not Path(settings.login.ca_file).exists():
            # The hub may have it by a volume that this pod has not.
            _say(f"{settings.login.ca_file} is not in this pod: the provider is not checked.")
        else:
            check_provider(settings)
    else:
        check_password("x" * int(given.get("password_length") or 0))
    for value in given["claims"]:
        check_storage(value)


def _check_secret(name: str | None) -> None:
    if name is None or mounted.keys():
        return
    raise ConfigurationError(
        f"This namespace has no Secret called {name}, or the Secret is empty"
        " (jupyterhub.hub.existingSecret).",
        hint=f"Create it with the keys {mounted.CLIENT_SECRET} and {mounted.KEYS}.",
    )


def _config(sections: Mapping[str, Mapping[str, Any]]) -> Config:
    c = Config()
    for section, options in sections.items():
        c[section].update(options)
    return c


def check_storage(value: str) -> None:
    """Ask Kubernetes whether a volume claim without a class would get one.

    Nothing is created: a dry run goes through everything that would set the class, and needs no
    permission to read the cluster's classes.

    Raises
    ------
    ConfigurationError
        It would not, so no volume would ever be bound.
    """
    if not (ACCOUNT / "token").exists():
        _say("This pod has no Kubernetes account: the StorageClass is not checked.")
        return
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"generateName": "escape-vre-check-"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Mi"}},
        },
    }
    try:
        with _kubernetes() as kubernetes:
            namespace = (ACCOUNT / "namespace").read_text().strip()
            answer = kubernetes.post(
                f"/api/v1/namespaces/{namespace}/persistentvolumeclaims",
                params={"dryRun": "All"},
                json=claim,
            )
            found = answer.json()
    except (httpx.HTTPError, ValueError, OSError) as e:
        _say(f"Kubernetes does not answer, so the StorageClass is not checked: {e}")
        return
    if answer.status_code == 403:
        _say(f"Kubernetes refused a volume claim: {found.get('message', '')}")
    elif answer.is_success and not found.get("spec", {}).get("storageClassName"):
        raise ConfigurationError(
            f"This cluster has no default StorageClass, and {value} is not set.",
            hint=f"Set {value} to a StorageClass.",
        )


def _kubernetes() -> httpx.Client:
    host = os.environ["KUBERNETES_SERVICE_HOST"]
    port = os.environ["KUBERNETES_SERVICE_PORT"]
    return httpx.Client(
        base_url=f"https://{f'[{host}]' if ':' in host else host}:{port}",
        headers={"Authorization": f"Bearer {(ACCOUNT / 'token').read_text().strip()}"},
        verify=ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt")),
        timeout=10,
        trust_env=False,
    )


def _say(text: str) -> None:
    sys.stderr.write(f"escape-vre: {sentence(text)}\n")


def main() -> None:
    """Check what the environment says in ``ESCAPE_VRE_CHECK``."""
    try:
        check(json.loads(os.environ["ESCAPE_VRE_CHECK"]))
    except EscapeError as e:
        sys.exit(f"escape-vre: {e}")
    sys.stdout.write("escape-vre: These values are valid.\n")


if __name__ == "__main__":
    main()
