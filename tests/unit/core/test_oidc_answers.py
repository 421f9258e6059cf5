"""What a provider says of times is read as it was meant, or is no answer."""

import asyncio

import pytest

from escape_vre.core.errors import BadResponseError
from escape_vre.core.oidc import Provider, Registration
from escape_vre.testing.rucio import FakeRucio, fixed

CODE = {"device_code": "d", "user_code": "u", "verification_uri": "https://x", "expires_in": 60}


def start(**changes):
    """Return what a device sign-in begins with, at a provider that answers so."""

    async def once(url):
        provider = Provider(Registration(url, "c", "rucio", "openid"))
        try:
            return await provider.start()
        finally:
            await provider.close()

    with FakeRucio() as server:
        known = {"issuer": server.url, "device_authorization_endpoint": f"{server.url}/device"}
        server.says("/.well-known/openid-configuration", fixed(known))
        server.says("/device", fixed({**CODE, **changes}))
        return asyncio.run(once(server.url))


@pytest.mark.parametrize(
    ("interval", "seconds"),
    [(7, 7.0), ("7", 7.0), (None, 5.0), (0, 5.0), ("x", 5.0), (-1, 5.0), (10**400, 5.0), ([], 5.0)],
)
def test_the_pause_between_two_questions(interval, seconds):
    assert start(interval=interval).interval_s == seconds


@pytest.mark.parametrize("lifetime", [None, "soon", -1, 10**400, float("inf"), float("nan"), True])
def test_a_code_without_an_end_is_no_answer(lifetime):
    with pytest.raises(BadResponseError):
        start(expires_in=lifetime)
