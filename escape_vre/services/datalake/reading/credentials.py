"""What the agent gives to a kernel, so that storages let it in."""

from collections.abc import Mapping
from hashlib import sha256

from escape_vre.core.tokens import Token
from escape_vre.services.datalake.instances import Connected
from escape_vre.services.datalake.reading.models import Credentials


async def credentials(
    connected: Connected, environment: Mapping[str, str], refused: str | None
) -> Credentials:
    """Return the credentials for the storages of an instance.

    Parameters
    ----------
    refused : str or None
        SHA-256 of a token that a storage has refused, in hexadecimal digits: another one is given
        if there is one.

    Raises
    ------
    EscapeError
        Storages want a token, and there is none.
    """
    settings, network = connected.settings, connected.storage.network
    token: Token | None = None
    if settings.storage_token == "rucio":  # noqa: S105 — a choice
        token = await connected.tokens.get(environment)
        if refused == sha256(token.value.encode()).hexdigest():
            token = await connected.tokens.renew(environment, token.value)
    return Credentials(
        token=token.value if token else None,
        expires=token.expires if token else None,
        token_hosts=settings.token_hosts if token else (),
        redirect_hosts=settings.storage_hosts if token else (),
        ca_files=network.ca_file,
        cert_file=network.cert_file,
        key_file=network.key_file,
        http_proxy=network.proxies.http,
        https_proxy=network.proxies.https,
        no_proxy=network.proxies.no,
        timeout_s=settings.timeout_s,
        problem=connected.storage.problem(),
    )
