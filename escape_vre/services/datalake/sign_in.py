"""Where the credentials of an instance come from, by its ``auth``."""

from collections.abc import Mapping
from pathlib import Path

from escape_vre.core.form import Form, FormToken
from escape_vre.core.http import RemoteClient
from escape_vre.core.tokens import BearerToken, EnvironmentToken, TokenFile, TokenSource
from escape_vre.services.datalake.auth import PasswordSource, UserPassSource, X509Source
from escape_vre.services.datalake.models import LakeSettings


def by_password(
    settings: LakeSettings,
    password: str,
    http: RemoteClient,
    environment: Mapping[str, str],
    form: Form | None,
) -> UserPassSource:
    """Return the sign-in by a password: configured, of the caller, or typed into a form."""
    by_environment = settings.auth in ("auto", "environment")
    secret = (
        PasswordSource(variable="RUCIO_PASSWORD")
        if by_environment
        else PasswordSource(settings.password_file, variable="RUCIO_PASSWORD", value=password)
    )
    account = settings.account or environment.get("RUCIO_ACCOUNT", "")
    return UserPassSource(
        settings.auth_url or settings.url,
        http=http,
        title=settings.shown,
        account=account,
        username=settings.username or environment.get("RUCIO_USERNAME") or account,
        password=secret,
        form=form,
    )


def sources(
    settings: LakeSettings,
    password: str,
    http: RemoteClient,
    environment: Mapping[str, str],
    form: Form | None,
) -> list[TokenSource]:
    """Return the sources beside the Hub, in the order of ``core/tokens.py``."""
    if settings.auth == "token" and form is not None:
        return [FormToken(form)]
    if settings.auth == "token_file":
        return [TokenFile(Path(settings.token_file or ""))]
    if settings.auth in ("x509", "x509_proxy"):
        account = settings.account or environment.get("RUCIO_ACCOUNT", "")
        auth_url = settings.auth_url or settings.url
        title = settings.shown
        return [X509Source(auth_url, settings.auth, http=http, title=title, account=account)]
    with_password = by_password(settings, password, http, environment, form)
    if settings.auth == "userpass":
        return [with_password]
    found: list[TokenSource] = [
        EnvironmentToken(settings.token_variable or "RUCIO_AUTH_TOKEN"),
        TokenFile(variable="RUCIO_AUTH_TOKEN_FILE"),
        with_password,
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
    return "Sign in with the button in the panel, or with %dl login."
