"""Keycloak itself, downloaded and prepared once for all providers of a user."""

import hashlib
import secrets
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import IO

from escape_vre.local.cache import Say, cache_folder, install_once, is_complete
from escape_vre.local.lake.server.process import end

from . import keycloak, maven
from .admin import Admin
from .errors import IdpError

VERSION = "26.4.0"
SHA512 = (
    "49affb5fcd0f3473b38ac30b2997400079d73dff4b6693645bd501d78554c109"
    "2526ddfcd4fc2f13d1ce334eef4e758baf7351ddabf65aaca85d814fba0969cf"
)
_PATH = f"org/keycloak/keycloak-quarkus-dist/{VERSION}/keycloak-quarkus-dist-{VERSION}.zip"
_BLOCK = 1 << 20
_TIMEOUT_S = 60.0
_TRAINING_S = 120.0

# Nothing here uses these, and each costs time at every start.
_WITHOUT = (
    *("account", "admin", "ciba", "impersonation", "kerberos", "organization", "par"),
    "step-up-authentication",
)
_BUILD = ("build", "--db=dev-file", f"--features-disabled={','.join(_WITHOUT)}")


def folder() -> Path:
    """Give where this Keycloak, so prepared, is or will be."""
    key = hashlib.sha256(repr((SHA512, _BUILD)).encode()).hexdigest()[:12]
    return cache_folder() / f"keycloak-{VERSION}-{key}"


def url() -> str:
    """Give the address it is downloaded from, in the Maven repository of this machine.

    Raises
    ------
    IdpError
        No repository is known.
    """
    return f"{maven.repository()}/{_PATH}"


def installed() -> bool:
    """Say whether it is complete."""
    return is_complete(folder())


def install(say: Say, java: Path) -> None:
    """Download and prepare Keycloak unless it is there; 160 MB, once.

    Raises
    ------
    IdpError
        It could not be downloaded, is not what it should be, or could not be prepared.
    """
    install_once(folder(), lambda: _build(say, java), say, what="Keycloak")


def download(say: Say) -> Path:
    """Give the distribution's file, complete and verified; a partial download is continued.

    jgo's own download neither continues one nor refuses a wrong checksum, so this is ours.

    Raises
    ------
    IdpError
        It could not be downloaded, or its checksum is wrong.
    """
    target = cache_folder() / f"keycloak-{VERSION}.zip"
    part = target.with_suffix(".zip.part")
    for old in (target, part):
        if old.exists() and _checksum(old) == SHA512:
            return old.replace(target)
    target.unlink(missing_ok=True)
    continued, source = part.exists(), url()
    _fetch(source, part, say)
    if _checksum(part) != SHA512 and continued:
        part.unlink()
        _fetch(source, part, say)
    if _checksum(part) != SHA512:
        part.unlink()
        raise IdpError(
            f"The file from {source} is not Keycloak {VERSION}: its SHA-512 is wrong.",
            f"A proxy or mirror may have changed it. Set {maven.VARIABLE} to another Maven "
            "repository.",
        )
    return part.replace(target)


def _build(say: Say, java: Path) -> None:
    archive = download(say)
    target = folder()
    say(f"Preparing Keycloak in {target} (about half a minute) ...")
    unpacked = target.with_name(f"{target.name}.unpacked")
    shutil.rmtree(unpacked, ignore_errors=True)
    try:
        with zipfile.ZipFile(archive) as content:
            content.extractall(unpacked)
        (unpacked / f"keycloak-{VERSION}").replace(target)
    except OSError as error:
        raise IdpError(
            f"Keycloak could not be unpacked into {target}: {error.strerror}.",
            "It needs 400 MB. ESCAPE_VRE_CACHE can name another folder.",
        ) from error
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)
    _run(keycloak.command(java, target) + list(_BUILD), keycloak.environment())
    _train(java, target)
    archive.unlink()


def _train(java: Path, target: Path) -> None:
    """Let Java note which classes a start needs, whereby the next takes half the time.

    Whatever goes wrong here costs only that.
    """
    secret = secrets.token_urlsafe(24)
    with tempfile.TemporaryDirectory(dir=target, prefix="training-") as folder, suppress(IdpError):
        database, log = Path(folder), Path(folder) / "log"
        port = next(keycloak.free_ports(None))
        process = keycloak.spawn(
            java, target, port, secret, database=database, log=log, training=True
        )
        try:
            deadline = time.monotonic() + _TRAINING_S
            while process.poll() is None and time.monotonic() < deadline:
                if keycloak.answers(port):
                    with Admin(port, secret) as admin:
                        admin.make_realm({"alice": secret}, secret)
                    break
                time.sleep(0.05)
        finally:
            end(process, timeout_s=_TRAINING_S)


def _fetch(source: str, part: Path, say: Say) -> None:
    """Download to the end of ``part``, or all of it from a server that cannot continue."""
    have = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    try:
        request = urllib.request.Request(source, headers=headers)  # noqa: S310 - ours or a setting
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
            have = have if answer.status == 206 else 0
            total = have + int(answer.headers.get("Content-Length", 0))
            size = f"{total / 1e6:.0f} MB, once" if total else "once"
            say(f"Downloading Keycloak {VERSION} from {source} ({size}) ...")
            _receive(answer, part, have, total, say)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 416:  # Ours is longer than theirs, so it is something else.
                part.unlink()
            problem = f"{error.code} {error.reason}"
        raise _unreachable(source, problem) from error
    except (OSError, HTTPException, ValueError) as error:
        raise _unreachable(source, str(getattr(error, "reason", error))) from error


def _receive(answer: IO[bytes], part: Path, have: int, total: int, say: Say) -> None:
    said = have * 4 // total if total else 0
    with part.open("ab" if have else "wb") as file:
        while block := answer.read(_BLOCK):
            file.write(block)
            have += len(block)
            if total and have * 4 // total > said and have < total:
                said = have * 4 // total
                say(f"  {have / 1e6:.0f} MB of {total / 1e6:.0f} MB")
    if have < total:  # http.client says nothing of it.
        raise ConnectionError(f"the connection ended after {have / 1e6:.0f} MB")


def _unreachable(source: str, problem: str) -> IdpError:
    return IdpError(
        f"Keycloak could not be downloaded from {source}: {problem}.",
        "Check the network and the variables https_proxy and SSL_CERT_FILE, or name another Maven "
        f"repository in {maven.VARIABLE}. The next start continues the download.",
    )


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha512").hexdigest()


def _run(words: list[str], variables: Mapping[str, str]) -> None:
    done = subprocess.run(  # noqa: S603 - our own command
        words,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        lines = [line for line in done.stdout.splitlines() if line.strip()][-5:]
        raise IdpError(
            f"Keycloak could not be prepared: {' | '.join(lines) or 'it printed no error'}",
            "If memory or disk ran out, free some and start it again.",
        )
