"""What tests without servers may use."""

import pytest
import trustme


@pytest.fixture(scope="session")
def authority_alone(tmp_path_factory):
    """A file with one authority."""
    file = tmp_path_factory.mktemp("authority") / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(file))
    return file


@pytest.fixture(autouse=True)
def few_authorities(own_agent, authority_alone, monkeypatch):
    """Trust one authority of our own: loading the machine's takes 20 ms for each TLS context."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority_alone))
