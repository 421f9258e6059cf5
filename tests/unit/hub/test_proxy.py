"""A provider that is reached by a proxy only."""

import pytest
from pydantic import TypeAdapter

from escape_vre.core.errors import ConfigurationError, RemoteError
from escape_vre.hub.provider import Provider
from escape_vre.hub.settings import Calls, Login

pytestmark = pytest.mark.asyncio


def through(idp):
    return f"http://127.0.0.1:{idp.port}"


async def asked(**login):
    """Ask a provider at a name that does not exist about itself; returns what we are told."""
    fields = {"provider": "keycloak", "client_id": "hub", "allow_http": True, **login}
    found = TypeAdapter(Login).validate_python({"issuer": "http://idp.invalid/realms/x", **fields})
    provider = Provider(found, Calls(timeout_s=20))
    try:
        with pytest.raises((ConfigurationError, RemoteError)) as caught:
            await provider.discover()
    finally:
        await provider.close()
    return caught.value


async def test_the_setting_leads_to_the_provider(idp):
    # The proxy is another provider, which answers in its own name.
    assert isinstance(await asked(proxy=through(idp)), ConfigurationError)


async def test_the_hubs_variable_leads_to_the_provider(idp, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", through(idp))
    assert isinstance(await asked(), ConfigurationError)
    assert not isinstance(await asked(proxy=""), ConfigurationError)


async def test_what_no_proxy_names_is_reached_directly(idp):
    assert not isinstance(
        await asked(proxy=through(idp), no_proxy=("invalid",)), ConfigurationError
    )
