"""When a certificate ends."""

from datetime import UTC, datetime

import pytest
import trustme

from escape_vre.core.certificates import expiry


@pytest.mark.parametrize("kind", list(trustme.KeyType))
@pytest.mark.parametrize("year", [2020, 2049, 2050, 2100])  # from 2050 on, in another format
def test_the_end_of_the_first_certificate(tmp_path, kind, year):
    end = datetime(year, 3, 4, 5, 6, 7, tzinfo=UTC)
    issued = trustme.CA().issue_cert("me", not_after=end, key_type=kind)
    file = tmp_path / "x509up"
    issued.private_key_and_cert_chain_pem.write_to_path(file)
    assert expiry(file) == end


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no certificate",
        "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\nMAMwAQA=\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\n\u00fc\n",
    ],
)
def test_what_is_no_certificate_has_no_end(tmp_path, text):
    file = tmp_path / "x509up"
    assert expiry(file) is None
    file.write_text(text)
    assert expiry(file) is None
