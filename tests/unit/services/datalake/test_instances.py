"""What an entry of ``DataLake.instances`` may say."""

import pytest
from pydantic import ValidationError

from escape_vre.services.datalake.models import LakeSettings


def settings(**fields):
    return LakeSettings(
        name="lab", url="https://rucio.example.org", **{"storage_token": "rucio", **fields}
    )


@pytest.mark.parametrize(
    ("url", "fields", "may"),
    [
        ("https://rucio.example.org:8443/f", {}, True),
        ("https://auth.example.org/f", {"auth_url": "https://auth.example.org:444"}, True),
        ("https://dav.example.org/f", {}, False),
        ("https://dav.example.org/f", {"storage_hosts": ["dav.example.org"]}, True),
        ("https://dav.example.org/f", {"storage_hosts": ["*.example.org"]}, True),
        ("https://example.org.evil.net/f", {"storage_hosts": ["*.example.org"]}, False),
        ("https://rucio.example.org@evil.net/f", {}, False),
        ("https://dav.example.org/f", {"plain_hosts": ["dav.example.org"]}, False),
        ("https://rucio.example.org/f", {"storage_token": "none"}, False),
        ("nonsense", {}, False),
    ],
)
def test_who_may_have_the_token(url, fields, may):
    assert settings(**fields).may_have_token(url) is may


def test_who_may_be_plain():
    listed = settings(plain_hosts=["pool.example.org"])
    assert listed.may_be_plain("http://pool.example.org:2880/f")
    assert not listed.may_be_plain("http://other.example.org/f")
    assert not settings().may_be_plain("http://rucio.example.org/f")


@pytest.mark.parametrize(
    "fields",
    [
        {"file_roots": ["data"]},
        {"file_roots": ["/"]},
        {"file_roots": ["//"]},
        {"file_roots": ["~/data"]},
        {"storage_hosts": ["https://dav.example.org"]},
        {"storage_hosts": ["*"]},
        {"plain_hosts": [""]},
        {"proxy": "socks5://proxy:1080"},
        {"proxy": "proxy:3128"},
        {"proxy": "https://proxy:3128"},
        {"vo": ""},
        {"storage_key_file": "key.pem"},
        {"token_variable": "A B"},
    ],
)
def test_what_makes_no_sense(fields):
    with pytest.raises(ValidationError):
        settings(**fields)
