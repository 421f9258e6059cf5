"""The data lake keeps the contract of a service that says what of it works."""

import pytest
from traitlets.config import Config

from escape_vre.core.keyring import Keyring
from escape_vre.services.datalake.service import create
from escape_vre.testing.checking import CheckableContract
from escape_vre.testing.rucio import listed
from tests.integration.datalake.test_fetching_contract import Site


@pytest.fixture
def entry(tmp_path):
    (tmp_path / "password").write_text("pass-w0rd")
    entry = {"name": "lab", "title": "The lab", "account": "jdoe", "auth": "userpass"}
    return entry | {"password_file": str(tmp_path / "password")}


@pytest.fixture
def remote(configure, entry):
    with Site() as site:
        site.rucio.says("/rses/", listed({"rse": "A"}, {"rse": "B"}, {"rse": None}))
        dataset = {"scope": "t", "name": "set", "available_length": 1}
        site.rucio.says("/replicas/rse/A", listed(dataset))
        entry["url"] = site.rucio.url
        configure(DataLake={"instances": [entry]})
        yield site


@pytest.fixture
def service(remote, entry, tmp_path):
    del remote
    return create(Config({"DataLake": {"instances": [entry]}}), Keyring(tmp_path))


class TestChecks(CheckableContract):
    subject = "The lab"
    secrets = ("pass-w0rd", "t0ken")
