"""Public keys of the identity provider that the lake trusts."""

# These modules run as the package "lake", in an environment that has no escape_vre.
# ruff: noqa: TID252

import logging
import threading
import time
from typing import Any

from ..errors import LakeError
from ..layout import Layout
from ..trust import Trust, fetch, keys_url

_LOG = logging.getLogger(__name__)
_DEADLINE_S = 5.0
_PAUSE_S = 3.0
_FRESH_S = 300.0

Key = dict[str, Any]


class Provider:
    """The current provider of a lake, from ``trust.json``.

    Its keys are kept while it is the provider. They are requested again when a token names an
    unknown key, at most every three seconds, and in the background when they are five minutes
    old: a provider that is down does not affect tokens with a known key.
    """

    def __init__(self, layout: Layout) -> None:
        self._path = layout.trust
        self._mark: object = None
        self._trust = Trust()
        self._keys: dict[str, Key] = {}
        self._lock = threading.Lock()
        self._asked = self._got = float("-inf")
        self._asking: threading.Thread | None = None
        self._failing = False

    def trust(self) -> Trust:
        """Return the trusted provider; a change of the file takes effect at once."""
        try:
            status = self._path.stat()
            mark: object = (status.st_ino, status.st_mtime_ns, status.st_size)
        except FileNotFoundError:
            mark = None
        with self._lock:
            if mark != self._mark:
                try:
                    trust = Trust.read(self._path)
                except LakeError as error:
                    _LOG.warning("%s", error)
                    trust = Trust()
                if (trust.issuer, trust.ca_file) != (self._trust.issuer, self._trust.ca_file):
                    self._keys = {}
                    self._asked = self._got = float("-inf")
                    self._asking = None
                self._trust, self._mark = trust, mark
            return self._trust

    def keys(self) -> dict[str, Key]:
        """Return the known keys by their ids (RFC 7517)."""
        return self._keys

    def key(self, name: object) -> Key | None:
        """Return the key with that id, and ask the provider for it if necessary.

        Waits only for an unknown key, and at most five seconds.
        """
        now = time.monotonic()
        trust = self.trust()
        with self._lock:
            found = self._keys.get(name) if isinstance(name, str) else None
            if now - self._asked > _DEADLINE_S:
                # The provider answers too slowly: the request that still runs is ignored.
                self._asking = None
            stale = now - self._got > _FRESH_S if found else True
            if stale and trust.issuer and self._asking is None and now - self._asked > _PAUSE_S:
                self._asked = now
                self._asking = threading.Thread(target=self._ask, args=(trust,), daemon=True)
                self._asking.start()
            asking = self._asking
        if found is None and asking is not None:
            asking.join(_DEADLINE_S)
            found = self._keys.get(name) if isinstance(name, str) else None
        return found

    def _ask(self, trust: Trust) -> None:
        issuer, ca = str(trust.issuer), trust.ca_file
        try:
            where = keys_url(issuer, ca_file=ca, timeout_s=_DEADLINE_S)
            keys = _usable(fetch(where, ca_file=ca, timeout_s=_DEADLINE_S))
        except LakeError as error:
            if not self._failing:
                _LOG.warning("%s", error.message)
            keys = None
        with self._lock:
            if self._asking is threading.current_thread():
                self._asking = None
                self._failing = keys is None
                if keys is not None:
                    self._keys, self._got = keys, time.monotonic()


def _usable(said: dict[str, Any]) -> dict[str, Key]:
    """Return the keys for signatures, without encryption keys and those we cannot use."""
    listed = said.get("keys")
    return {
        key["kid"]: key
        for key in (listed if isinstance(listed, list) else [])
        if isinstance(key, dict)
        and isinstance(key.get("kid"), str)
        and key.get("kty") in ("RSA", "EC")
        and key.get("use", "sig") == "sig"
    }
