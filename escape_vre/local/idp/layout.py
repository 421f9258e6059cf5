"""The files of one identity provider; no other module knows their names."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from escape_vre.local.lake.layout import HOST, Folder

REALM = "escape"


@dataclass(frozen=True)
class Layout(Folder):
    """Paths of the provider whose folder is ``home``."""

    @property
    def passwords(self) -> Path:
        """Folder of the users' passwords, 0700."""
        return self.home / "passwords"

    @property
    def secrets(self) -> Path:
        """Folder of the clients' secrets, 0700."""
        return self.home / "secrets"

    def password(self, user: str) -> Path:
        """Password of a user, one line, 0600; a name may hold anything."""
        return self.passwords / _file_name(user)

    def secret(self, client: str) -> Path:
        """Secret of a client, or of ``admin``, which may do everything; one line, 0600."""
        return self.secrets / _file_name(client)

    @property
    def database(self) -> Path:
        """Keycloak's data: a folder with an H2 database."""
        return self.home / "database"

    @property
    def port_file(self) -> Path:
        """TCP port of the last start, to be taken again: it is part of the issuer."""
        return self.home / "run" / "port"

    @property
    def realm_file(self) -> Path:
        """Says which realm was made in the database; missing until it is complete."""
        return self.home / "run" / "realm"

    def port(self) -> int | None:
        """Read the port of the last start, or None before the first."""
        try:
            return int(self.port_file.read_text())
        except (OSError, ValueError):
            return None


def base_url(port: int) -> str:
    """Return Keycloak's base URL."""
    return f"http://{HOST}:{port}"


def _file_name(name: str) -> str:
    return quote(name, safe="").replace(".", "%2E")
