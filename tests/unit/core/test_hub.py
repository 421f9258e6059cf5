"""The way to the Hub: what clients send, and what the agent makes of it."""

import base64
import json

import pytest

from escape_vre.core.errors import UsageError
from escape_vre.core.hub import Hubs, hub_access, pack_hub, unpack_hub

SERVER = {
    "JUPYTERHUB_API_URL": "http://hub:8081/hub/api",
    "JUPYTERHUB_API_TOKEN": "s3cret",
    "JUPYTERHUB_SERVER_NAME": "gpu",
    "JUPYTERHUB_BASE_URL": "/",
}


def test_outside_of_a_hub_nothing_is_sent():
    assert pack_hub({}) == ""
    assert pack_hub({"JUPYTERHUB_API_URL": "http://hub:8081/hub/api"}) == ""
    assert pack_hub({"JUPYTERHUB_API_TOKEN": "s3cret"}) == ""


def test_what_a_client_packs_the_agent_unpacks():
    access = unpack_hub(pack_hub(SERVER))
    assert (access.url, access.server, access.token) == ("http://hub:8081/hub", "gpu", "s3cret")
    assert "s3cret" not in repr(access)
    trusting = unpack_hub(pack_hub({**SERVER, "SSL_CERT_FILE": "/ca.pem", "SSL_CERT_DIR": ""}))
    assert trusting.trust == (("SSL_CERT_FILE", "/ca.pem"),)


@pytest.mark.parametrize(
    ("more", "origin", "where"),
    [
        ({}, "", "/hub/login"),
        ({"JUPYTERHUB_BASE_URL": "/jupyter/"}, "", "/jupyter/hub/login"),
        ({}, "https://lab.example.org", "https://lab.example.org/hub/login"),
        ({"JUPYTERHUB_HOST": "https://hub.example.org"}, "", "https://hub.example.org/hub/login"),
        (
            {"JUPYTERHUB_PUBLIC_HUB_URL": "https://example.org/jupyter/hub/"},
            "https://other.example.org",
            "https://example.org/jupyter/hub/login",
        ),
    ],
)
def test_the_sign_in_link_is_absolute_where_it_can_be(more, origin, where):
    assert hub_access({**SERVER, **more}, origin=origin).sign_in == where


def test_what_the_hub_says_of_the_link_is_completed():
    access = hub_access({**SERVER, "JUPYTERHUB_HOST": "https://hub.example.org"})
    assert access.public("/hub/login?next=x") == "https://hub.example.org/hub/login?next=x"
    assert access.public("https://idp.example.org/") == "https://idp.example.org/"
    assert hub_access(SERVER).public("/hub/login?next=x") == "/hub/login?next=x"


@pytest.mark.parametrize(
    "fields",
    [
        "not base64",
        base64.b64encode(b"no json").decode(),
        base64.b64encode(b"[]").decode(),
        base64.b64encode(b'{"url": "http://hub", "server": ""}').decode(),
        base64.b64encode(
            json.dumps(
                {"url": "file:///etc", "server": "", "token": "s3cret", "sign_in": "/"}
            ).encode()
        ).decode(),
        base64.b64encode(
            json.dumps({"url": "http://h", "server": 1, "token": "s3cret", "sign_in": "/"}).encode()
        ).decode(),
    ],
)
def test_a_header_that_makes_no_sense_is_refused_without_quoting_it(fields):
    with pytest.raises(UsageError) as caught:
        unpack_hub(fields)
    assert caught.value.__cause__ is None
    assert "s3cret" not in str(caught.value)


def test_the_latest_token_of_each_server_is_kept_and_the_last_heard_asked_first():
    hubs = Hubs()
    for server, token in (("", "a"), ("gpu", "b"), ("", "c")):
        hubs.learn(
            pack_hub({**SERVER, "JUPYTERHUB_SERVER_NAME": server, "JUPYTERHUB_API_TOKEN": token})
        )
    assert [(a.server, a.token) for a in hubs] == [("", "c"), ("gpu", "b")]
    hubs.postpone(next(iter(hubs)))
    assert [(a.server, a.token) for a in hubs] == [("gpu", "b"), ("", "c")]


def test_a_kernel_does_not_forget_the_link_that_the_browser_has_shown():
    hubs = Hubs()
    hubs.learn(pack_hub(SERVER, origin="https://lab.example.org"))
    hubs.learn(pack_hub({**SERVER, "JUPYTERHUB_API_TOKEN": "newer"}))
    (access,) = hubs
    assert (access.token, access.sign_in) == ("newer", "https://lab.example.org/hub/login")


def test_a_request_without_a_header_is_heard_all_the_same():
    hubs = Hubs()
    assert not hubs.heard
    hubs.learn(None)
    assert hubs.heard
    assert list(hubs) == []
