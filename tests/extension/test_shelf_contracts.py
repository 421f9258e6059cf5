"""The service of the second distribution keeps the contracts, as any must."""

from typing import ClassVar

import pytest
from traitlets.config import Config

from escape_vre.core.keyring import Keyring
from escape_vre.core.registry import load, plugins
from escape_vre.testing.contract import ServiceContract
from escape_vre.testing.fetching import FetchableContract
from escape_vre.testing.searching import SearchableContract
from escape_vre.testing.storing import StorableContract
from tests.contract.test_services import desk  # noqa: F401 — the contract asks for it


@pytest.fixture
def service(remote, tmp_path):
    config = Config({"Shelf": {"url": remote.url}})
    return load(plugins()["shelf"].service)(config, Keyring(tmp_path))


class TestService(ServiceContract):
    name = "shelf"
    config: ClassVar = {"Shelf": {"url": "http://127.0.0.1:1"}}


class TestSearch(SearchableContract):
    name = "shelf"
    text = "atlas"


class TestGet(FetchableContract):
    name = "shelf"
    ref = "shelf:atlas"
    missing = "shelf:at"

    def content(self, remote):
        return remote.files["atlas"]


class TestPut(StorableContract):
    free_ref = "shelf:mine"

    def stored(self, remote, ref):
        return remote.files[ref.removeprefix("shelf:")]
