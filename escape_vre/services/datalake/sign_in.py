"""Where the credentials of an instance come from, by its ``auth``."""

from collections.abc import Mapping
from pathlib import Path

from escape_vre.core.http import RemoteClient
from escape_vre.core.tokens import BearerToken, EnvironmentToken, TokenFile, TokenSource
from escape_vre.services.datalake.auth import PasswordSource, UserPassSource, X509Source
from escape_vre.services.datalake.models import LakeSettings


def sources(
    settings: LakeSettings, password: str, http: RemoteClient, environment: Mapping[str, str]
) -> list[TokenSource]:
    """Return the sources beside the Hub, in the order of ``core/tokens.py``."""
    if settings.auth == "token_file":
        return [TokenFile(Path(settings.token_file or ""))]
    title = settings.shown
    auth_url = settings.auth_url or settings.url
    account = settings.account or environment.get("RUCIO_ACCOUNT", "")
    username = settings.username or environment.get("RUCIO_USERNAME") or account
    if settings.auth in ("x509", "x509_proxy"):
        return [X509Source(auth_url, settings.auth, http=http, title=title, account=account)]
    by_environment = settings.auth in ("auto", "environment")
    secret = (
        PasswordSource(variable="RUCIO_PASSWORD")
        if by_environment
        else PasswordSource(settings.password_file, variable="RUCIO_PASSWORD", value=password)
    )
    by_password = UserPassSource(
        auth_url, http=http, title=title, account=account, username=username, password=secret
    )
    if settings.auth == "userpass":
        return [by_password]
    found: list[TokenSource] = [
        EnvironmentToken(settings.token_variable or "RUCIO_AUTH_TOKEN"),
        TokenFile(variable="RUCIO_AUTH_TOKEN_FILE"),
        by_password,
        BearerToken(),
    ]
    # What rucio.cfg names as auth_token_file_path; the rucio command, too, looks there last.
    return [*found, TokenFile(Path(settings.token_file))] if settings.token_file else found


def hint(settings: LakeSettings) -> str:
    """Say what to do where no source has a token."""
    if settings.auth == "token_file":
        return f"Sign in again, so that {settings.token_file} is written again."
    if settings.auth == "hub":
        return "Sign in again at the JupyterHub."
    if settings.auth in ("auto", "environment"):
        name = settings.token_variable or "RUCIO_AUTH_TOKEN"
        return f"Set {name}, or RUCIO_AUTH_TOKEN_FILE to the file that holds your token."
    if settings.auth in ("x509", "x509_proxy"):
        return "Renew your proxy certificate, for instance with voms-proxy-init."
    return "Write your password into the password_file of the configuration."
