"""TLS contexts; standard library only, because kernels read storages themselves."""

import ssl
import threading

from escape_vre.core.caller import in_home
from escape_vre.core.errors import ConfigurationError

Files = tuple[tuple[str, ...], str | None, str | None]
"""Authorities, our certificate, its key."""


def tls_context(
    ca_file: str | tuple[str, ...] | None,
    cert_file: str | None = None,
    key_file: str | None = None,
    *,
    system: bool = False,
) -> ssl.SSLContext:
    """Make a TLS context, once per service: loading authorities costs 30 ms.

    Parameters
    ----------
    ca_file : str or tuple of str, optional
        PEM files or folders of the authorities to trust; default the system's.
    cert_file : str, optional
        PEM file of our own certificate, such as an X.509 proxy.
    key_file : str, optional
        PEM file of its private key; default the same file.
    system : bool
        Trust the system's authorities beside those of ``ca_file``.

    Raises
    ------
    ConfigurationError
        A file cannot be read.
    """
    files = (ca_file,) if isinstance(ca_file, str) else ca_file or ()
    context: ssl.SSLContext | None = None
    for file in files:
        path = in_home(file)
        capath, cafile = (str(path), None) if path.is_dir() else (None, str(path))
        try:
            if context is None:
                context = ssl.create_default_context(cafile=cafile, capath=capath)
            else:
                context.load_verify_locations(cafile, capath)
        except (OSError, ssl.SSLError) as e:
            raise ConfigurationError(
                f"The certificate authorities in {file} cannot be read.",
                hint="Fix ca_file in the configuration.",
            ) from e
    if context is None:
        context = ssl.create_default_context()
    elif system:
        context.load_default_certs()
    if cert_file:
        _show(context, cert_file, key_file)
    return context


def _show(context: ssl.SSLContext, cert_file: str, key_file: str | None) -> None:
    """Have a context show a certificate to servers that ask for one."""
    cert, key = in_home(cert_file), in_home(key_file or cert_file)
    for path in (cert, key):
        if not path.is_file():
            raise ConfigurationError(
                f"There is no certificate or key in {path}.",
                hint="Renew it (for example with voms-proxy-init), or fix its path.",
            )
    try:
        # Some storages ask for it only once they know which file is wanted (TLS 1.3).
        context.post_handshake_auth = True
        # Without a password, OpenSSL would ask for one on a terminal that is not there.
        context.load_cert_chain(cert, key, password=lambda: "")
    except (OSError, ssl.SSLError, ValueError) as e:
        raise ConfigurationError(
            f"Could not use the certificate in {cert_file}.",
            hint="Renew it (for example with voms-proxy-init), or fix its path. A key that"
            " is protected by a password cannot be used.",
        ) from e


class Contexts:
    """TLS contexts by the files that they are made of; made again when a file has changed.

    Connections are kept by context, so that it must be the same object while it can be.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[Files, tuple[object, ssl.SSLContext]] = {}

    def get(self, *files: *Files) -> ssl.SSLContext:
        """Return the context of authorities, certificate and key; raises ConfigurationError."""
        state = [_state(file) for file in (*files[0], *files[1:])]
        with self._lock:
            made, context = self._made.get(files, (None, None))
            if context is None or made != state:
                # A site's door may redirect to a pool, or to a cloud that others have certified.
                context = tls_context(*files, system=True)
                self._made[files] = (state, context)
            return context


def _state(file: str | None) -> object:
    """Return what changes when a file is written again, such as a proxy that is renewed."""
    if file is None:
        return None
    try:
        found = in_home(file).stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


contexts = Contexts()
"""Those of this process."""
