"""A second encryption of sessions, inside JupyterHub's encrypted auth state.

JupyterHub decrypts the auth state for everyone who may read users, such as administrators and a
culler. They see only ciphertext of what is sealed here. A sealed session names its user, so it is
useless in another user's auth state.
"""

import base64
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from escape_vre.core.errors import ConfigurationError
from escape_vre.hub import mounted
from escape_vre.hub.mounted import KEYS
from escape_vre.hub.settings import PATH, Keys

MIN_LENGTH = 32
_HINT = "Generate one with: openssl rand -hex 32"


def read_keys(settings: Keys) -> tuple[str, ...]:
    """Return the hub's keys; the first one encrypts.

    Raises
    ------
    ConfigurationError
        There is no key, or one is too short.
    """
    if settings.file:
        place = f"the file {settings.file} ({PATH}.keys.file)"
        try:
            text = Path(settings.file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as e:
            raise ConfigurationError(f"The keys in {place} cannot be read.", hint=_HINT) from e
    else:
        place = f"the variable {settings.env} ({PATH}.keys.env){mounted.place(KEYS)}"
        text = os.environ.get(settings.env, "") or mounted.read(KEYS)
    keys = tuple(re.split(r"[\s;]+", text.strip(" \t\r\n;"))) if text.strip(" \t\r\n;") else ()
    if not keys:
        raise ConfigurationError(f"There is no key in {place}.", hint=_HINT)
    for number, key in enumerate(keys, 1):
        if len(key) < MIN_LENGTH:
            raise ConfigurationError(
                f"Key {number} in {place} has {len(key)} characters; it needs {MIN_LENGTH}.",
                hint=_HINT,
            )
    return keys


def derived(key: str, purpose: bytes) -> bytes:
    """Return 32 bytes for one purpose (HKDF, RFC 5869)."""
    return HKDF(SHA256(), 32, salt=None, info=b"escape-vre hub: " + purpose).derive(key.encode())


class Sealer:
    """Encrypts with the first key, decrypts with any."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet(
            [Fernet(base64.urlsafe_b64encode(derived(key, b"session"))) for key in keys]
        )

    def seal(self, user: str, content: dict[str, Any]) -> str:
        """Return the content as ciphertext, for this user only."""
        return self._fernet.encrypt(json.dumps([user, content]).encode()).decode()

    def open(self, user: str, sealed: str) -> dict[str, Any] | None:
        """Return what was sealed for this user; None if no key opens it, or it is another's."""
        try:
            owner, content = json.loads(self._fernet.decrypt(sealed.encode()))
        except (InvalidToken, ValueError):
            return None
        return content if owner == user and isinstance(content, dict) else None
