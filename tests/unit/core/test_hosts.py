"""Which hosts a configuration names."""

import pytest
from pydantic import TypeAdapter, ValidationError

from escape_vre.core.hosts import is_listed
from escape_vre.core.instance_models import HostPattern


@pytest.mark.parametrize(
    ("url", "pattern"),
    [
        ("https://dav.example.org/f", "dav.example.org"),
        ("https://DAV.Example.org./f", "dav.example.ORG"),
        ("davs://dav.example.org:8443/f", "dav.example.org"),
        ("https://dav.example.org:8443/f", "dav.example.org:8443"),
        ("https://dav.example.org/f", "dav.example.org:443"),
        ("davs://a.b.example.org/f", "*.example.org"),
        ("https://[::1]:1094/f", "[::1]"),
        ("https://person:word@dav.example.org/f", "dav.example.org"),
    ],
)
def test_a_host_that_is_listed(url, pattern):
    assert is_listed(url, ["other.example.org", pattern])


@pytest.mark.parametrize(
    ("url", "pattern"),
    [
        ("https://dav.example.org@evil.net/f", "dav.example.org"),
        ("https://evil.net/dav.example.org", "dav.example.org"),
        ("https://dav.example.org.evil.net/f", "dav.example.org"),
        ("https://evildav.example.org/f", "dav.example.org"),
        ("https://evilexample.org/f", "*.example.org"),
        ("https://example.org/f", "*.example.org"),
        ("https://.example.org/f", "*.example.org"),
        ("https://dav.example.org:8444/f", "dav.example.org:8443"),
        ("http://dav.example.org/f", "dav.example.org:443"),
        ("https://dav.example.org:port/f", "dav.example.org"),
        ("https://[::1/f", "[::1]"),
        ("/f", "dav.example.org"),
        ("https:///f", "*.example.org"),
    ],
)
def test_a_host_that_is_not(url, pattern):
    assert not is_listed(url, [pattern])


def test_no_host_is_listed_where_none_is():
    assert not is_listed("https://dav.example.org/f", [])


@pytest.mark.parametrize(
    "pattern", ["", "*", "*.*.org", "https://dav.example.org", "dav.example.org/f", "a b", "a:port"]
)
def test_what_is_no_pattern(pattern):
    with pytest.raises(ValidationError):
        TypeAdapter(HostPattern).validate_python(pattern)
