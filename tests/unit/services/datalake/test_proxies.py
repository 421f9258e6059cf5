"""Rucio behind a proxy: the caller's variables, or the instance's setting."""

import ssl

import pytest
import trustme

from escape_vre.testing.proxy import FakeProxy
from escape_vre.testing.rucio import FakeRucio


@pytest.fixture
def entry(caller):
    """The agent's one instance, to be changed."""
    return caller.config["DataLake"]["instances"][0]


@pytest.fixture
def secure(tmp_path, entry):
    """A Rucio with TLS at a name that only a proxy knows."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("rucio.invalid").configure_cert(context)
    with FakeRucio(tls=context) as running:
        entry |= {"url": "https://rucio.invalid", "ca_file": str(tmp_path / "ca.pem")}
        yield running


@pytest.fixture
def proxy(secure):
    with FakeProxy(int(secure.url.rpartition(":")[2])) as running:
        yield running


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_the_callers_proxy_leads_to_rucio(caller, proxy, name):
    caller.variables[name] = proxy.url
    status, answer = caller.ask("/datalake/whoami")
    assert status == 200, answer
    assert set(proxy.asked) == {"rucio.invalid:443"}


def test_the_settings_proxy_leads_to_rucio(caller, entry, proxy):
    entry["proxy"] = proxy.url
    caller.variables |= {"HTTPS_PROXY": "http://127.0.0.1:1", "NO_PROXY": "*"}
    assert caller.ask("/datalake/whoami")[0] == 200


def test_without_tls_the_proxy_is_asked_for_the_whole_url(caller, rucio, entry):
    entry["url"] = "http://rucio.invalid"
    caller.variables["HTTP_PROXY"] = rucio.url  # what it is asked for, it answers as Rucio does
    assert caller.ask("/datalake/whoami")[0] == 200
    assert rucio.headers_of("/auth/userpass")["host"] == "rucio.invalid"


def test_what_no_proxy_names_is_reached_directly(caller, proxy):
    caller.variables |= {"HTTP_PROXY": proxy.url, "NO_PROXY": "127.0.0.0/8"}
    caller.config["DataLake"]["instances"][0]["url"] = caller.rucio.url
    assert caller.ask("/datalake/whoami")[0] == 200
    assert proxy.asked == []


def test_the_agents_own_variables_do_not_count(caller, rucio, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert caller.ask("/datalake/whoami")[0] == 200


def test_a_proxy_that_refuses_is_said(caller, proxy):
    proxy.refuses = True
    caller.variables["HTTPS_PROXY"] = proxy.url.replace("http://", "http://me:secret@")
    status, answer = caller.ask("/datalake/whoami")
    assert status == 502
    assert "proxy" in answer["error"]["message"]
    assert "403" in answer["error"]["message"]
    assert "secret" not in str(answer)


def test_a_proxy_that_is_not_there_is_said(caller, secure, at_once):
    caller.variables["HTTPS_PROXY"] = "http://127.0.0.1:1"
    _, answer = caller.ask("/datalake/whoami")
    assert answer["error"]["code"] == "remote_unavailable"
    assert "127.0.0.1:1" in answer["error"]["message"]


def test_a_proxy_that_is_no_url_is_said(caller, secure):
    caller.variables["HTTPS_PROXY"] = "http://proxy:port"
    _, answer = caller.ask("/datalake/whoami")
    assert answer["error"]["code"] == "configuration"


def test_a_proxy_of_another_type_is_said(caller, secure):
    caller.variables["HTTPS_PROXY"] = "socks5://127.0.0.1:1"
    _, answer = caller.ask("/datalake/whoami")
    assert answer["error"]["code"] == "configuration"
