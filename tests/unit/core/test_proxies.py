"""Which proxy leads to a URL."""

import os
from urllib.request import getproxies_environment, proxy_bypass_environment

import pytest

from escape_vre.core.errors import ConfigurationError
from escape_vre.core.proxies import Proxies, proxy_for, shown

PLAIN, SECURE = "http://plain:3128", "http://secure:3128"


@pytest.mark.parametrize(
    ("url", "no_proxy", "proxy"),
    [
        ("http://rucio.example.org/ping", None, PLAIN),
        ("https://rucio.example.org/ping", None, SECURE),
        ("davs://dav.example.org:8443/f", None, SECURE),
        ("dav://dav.example.org/f", None, PLAIN),
        ("root://dav.example.org/f", None, None),
        ("file:///data/f", None, None),
        ("https://rucio.example.org/", "example.org", None),
        ("https://rucio.example.org/", ".example.org", None),
        ("https://RUCIO.example.org/", "Rucio.Example.org", None),
        ("https://rucio.example.org/", "other.org, rucio.example.org", None),
        ("https://rucio.example.org/", "*", None),
        ("https://evilexample.org/", "example.org", SECURE),
        ("https://example.org.evil.net/", "example.org", SECURE),
        ("https://rucio.example.org:8443/", "rucio.example.org:8443", None),
        ("https://rucio.example.org:8444/", "rucio.example.org:8443", SECURE),
        ("https://10.1.2.3/", "10.0.0.0/8", None),
        ("https://11.1.2.3/", "10.0.0.0/8", SECURE),
        ("https://[2001:db8::1]/", "2001:db8::/32", None),
        ("https://127.0.0.1:8443/", "localhost,127.0.0.1", None),
        ("https://rucio.example.org/", "10.0.0.0/8,not/a/network", SECURE),
        ("https://person:word@rucio.example.org/", "rucio.example.org", None),
    ],
)
def test_the_proxy_of_a_url(url, no_proxy, proxy):
    assert proxy_for(url, PLAIN, SECURE, no_proxy) == proxy


def test_a_proxy_without_a_scheme_is_http():
    assert proxy_for("https://x/", None, "secure:3128", None) == SECURE


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("secure", "http://secure:80"),
        ("http://secure", "http://secure:80"),
        ("http://secure/", "http://secure:80"),
        ("http://me:1234@secure", "http://me:1234@secure:80"),
        ("http://[::1]", "http://[::1]:80"),
        ("http://[::1]:3128", "http://[::1]:3128"),
    ],
)
def test_a_proxy_has_a_port(written, found):
    assert proxy_for("https://x/", None, written, None) == found


@pytest.mark.parametrize("written", ["http://proxy:port", "http://", "http://[::1", "http://:80"])
def test_a_proxy_that_is_no_address_is_said(written):
    with pytest.raises(ConfigurationError):
        proxy_for("https://x/", None, written, None)


def test_what_is_no_url_has_no_proxy():
    assert proxy_for("https://[::1/f", PLAIN, SECURE, None) is None


@pytest.mark.parametrize("scheme", ["socks5", "https"])
def test_a_proxy_of_another_type_is_said_without_its_password(scheme):
    with pytest.raises(ConfigurationError) as caught:
        proxy_for("https://x/", None, f"{scheme}://me:secret@secure:1080", None)
    assert "secure:1080" in caught.value.message
    assert "secret" not in str(caught.value.as_dict())


def test_what_is_shown_of_a_proxy():
    assert shown("http://me:secret@secure:3128") == "secure:3128"


def test_the_callers_variables():
    proxies = Proxies.of_caller({"HTTP_PROXY": PLAIN, "https_proxy": SECURE, "NO_PROXY": "a.org"})
    assert (proxies.http, proxies.https, proxies.no) == (PLAIN, SECURE, "a.org")


def test_small_letters_go_first():
    assert Proxies.of_caller({"HTTPS_PROXY": PLAIN, "https_proxy": SECURE}).https == SECURE


def test_all_proxy_fills_what_is_left_out():
    proxies = Proxies.of_caller({"ALL_PROXY": PLAIN, "HTTPS_PROXY": SECURE})
    assert (proxies.http, proxies.https) == (PLAIN, SECURE)


def test_a_setting_goes_before_the_caller():
    caller = {"HTTPS_PROXY": PLAIN, "NO_PROXY": "*"}
    assert Proxies.of_settings(SECURE, (), caller).of("https://x/") == SECURE
    assert Proxies.of_settings(SECURE, ("x",), caller).of("https://x/") is None


def test_an_empty_setting_is_no_proxy():
    assert not Proxies.of_settings("", (), {"HTTPS_PROXY": PLAIN})


def test_without_a_setting_the_caller_is_asked():
    assert Proxies.of_settings(None, ("x",), {"HTTPS_PROXY": PLAIN}).of("https://x/") == PLAIN


def test_no_password_is_shown():
    assert "secret" not in repr(Proxies("http://me:secret@plain:1", "http://me:secret@plain:1"))


@pytest.mark.parametrize("no_proxy", ["example.org", ".example.org", "a.example.org:80", "*", "b"])
@pytest.mark.parametrize("host", ["a.example.org", "a.example.org:80", "b", "c.b", "example.org"])
def test_the_rules_are_those_of_urllib(monkeypatch, no_proxy, host):
    monkeypatch.setattr(os, "environ", {"http_proxy": PLAIN, "no_proxy": no_proxy})
    theirs = None if proxy_bypass_environment(host) else getproxies_environment()["http"]
    assert proxy_for(f"http://{host}/", PLAIN, None, no_proxy) == theirs
