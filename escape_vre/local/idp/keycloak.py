"""How Keycloak is run: options, environment, port."""

import http.client
import os
import random
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

from escape_vre.local.lake.layout import HOST
from escape_vre.local.lake.server import process

from .layout import base_url

_JAVA_OPTIONS = (
    "-Xms64m",
    "-Xmx512m",
    "-XX:MaxMetaspaceSize=256m",
    "-XX:+UseSerialGC",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:+IgnoreUnrecognizedVMOptions",
    "-Dfile.encoding=UTF-8",
    "-Duser.language=en",
    "-Duser.country=US",
)
# Java's quick compiler, its simple collector and an archive of the classes make the start several
# times shorter; steady calls then take longer.
_QUICK = "-XX:TieredStopAtLevel=1"
_MAIN = "io.quarkus.bootstrap.runner.QuarkusEntryPoint"
_START = (
    *("start", "--optimized", "--http-enabled=true", "--cache=local", "--log-level=warn"),
    # Relative, as an absolute path may hold what means something in such a URL; the words after
    # it are those of Keycloak's own default.
    "--db-url=jdbc:h2:file:./keycloak;NON_KEYWORDS=VALUE;DB_CLOSE_ON_EXIT=FALSE",
)


def command(java: Path, home: Path, *options: str) -> list[str]:
    """Return the command that runs the Keycloak of folder ``home``, with options of Java before."""
    opened = ("java.util", "java.util.concurrent", "java.security")
    return [
        str(java),
        *_JAVA_OPTIONS,
        *options,
        *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in opened),
        "-Djava.util.concurrent.ForkJoinPool.common.threadFactory="
        "io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory",
        "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
        "-Dpicocli.disable.closures=true",
        f"-Dkc.home.dir={home}",
        f"-Djboss.server.config.dir={home / 'conf'}",
        *("-cp", str(home / "lib" / "quarkus-run.jar"), _MAIN),
    ]


def environment() -> dict[str, str]:
    """Return this process's environment without variables that configure Keycloak."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("KC_", "QUARKUS_", "KEYCLOAK_"))
    }


def spawn(
    java: Path,
    home: Path,
    port: int,
    admin_secret: str,
    *,
    database: Path,
    log: Path,
    steady: bool = False,
    training: bool = False,
) -> subprocess.Popen[bytes]:
    """Start Keycloak, in a process group of its own that ends with this process.

    Parameters
    ----------
    java, home : Path
        The program, and the installation.
    port : int
        To listen on.
    admin_secret : str
        Of the client ``admin``, which is made with a new database.
    database, log : Path
        Folder with its data, and the file that its words are added to.
    steady : bool
        Optimise for load: the start takes twice as long, calls half.
    training : bool
        Write the archive of classes at its end, rather than use it.
    """
    archive = "ArchiveClassesAtExit" if training else "SharedArchiveFile"
    options = [f"-XX:{archive}={home / 'classes.jsa'}", *([] if steady else [_QUICK])]
    where = f"--http-host={HOST}", f"--http-port={port}", f"--hostname={base_url(port)}"
    return process.spawn(
        [*command(java, home, *options), *_START, *where],
        log=log,
        # A paused process would not heed SIGTERM, and live on without us.
        at_our_end=signal.SIGKILL,
        cwd=database,
        env={
            **environment(),
            "KC_BOOTSTRAP_ADMIN_CLIENT_ID": "admin",
            "KC_BOOTSTRAP_ADMIN_CLIENT_SECRET": admin_secret,
        },
    )


def answers(port: int) -> bool:
    """Return whether Keycloak serves its first realm."""
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request("GET", "/realms/master")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def free_ports(before: int | None) -> Iterator[int]:
    """Return ports that are free: that of last time first, as it is in the issuer.

    The others lie below the range that systems take for outgoing connections, where one of
    those would sooner or later sit on our port when we want it again.
    """
    tries = [] if before is None else [before]
    for port in (*tries, *random.sample(range(21000, 32000), 200)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
        yield port
