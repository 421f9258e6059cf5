"""How storages let us in: a certificate, a Rucio token that they accept too, or neither."""

import ssl
import time
from collections.abc import Mapping
from typing import ClassVar

from escape_vre.core.http import tls_context
from escape_vre.core.tokens import Token
from escape_vre.services.datalake.models import InstanceSettings


class LakeStorage:
    """Storage access of one instance; called from worker threads.

    The TLS context is made once for each certificate and looked at again after a minute: a proxy
    certificate is renewed in place.
    """

    _contexts: ClassVar[dict[tuple[str | None, str | None], tuple[float, ssl.SSLContext]]] = {}

    def __init__(self, settings: InstanceSettings, *, cert_file: str | None) -> None:
        self._ca_file = settings.ca_file
        self._cert_file = cert_file
        self.token: Token | None = None

    def headers(self, url: str) -> Mapping[str, str]:
        """Return the bearer token, where this instance's storages take it; only over TLS."""
        if self.token is None or not url.startswith(("https:", "davs:")):
            return {}
        return {"Authorization": f"Bearer {self.token.value}"}

    def tls(self, url: str) -> ssl.SSLContext | None:
        """Return the context that trusts the instance's authorities and shows our certificate."""
        del url
        key = (self._ca_file, self._cert_file)
        made, context = self._contexts.get(key, (0.0, None))
        if context is None or time.monotonic() - made > 60:
            context = tls_context(*key)
            self._contexts[key] = (time.monotonic(), context)
        return context
