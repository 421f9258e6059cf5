"""The data lake keeps the contract of a service whose refs are files."""

import pytest

from escape_vre.testing.fetching import FetchableContract
from escape_vre.testing.rucio import FakeRucio, fixed, refused
from tests.extension.remote import Shelf


class Site(Shelf):
    """A storage of which Rucio knows one file; stops with its Rucio."""

    def __enter__(self):
        super().__enter__()
        self.rucio = FakeRucio()
        self.rucio.__enter__()
        self.files = {"atlas": b"a" * 3_000_000}
        did = {"scope": "t", "name": "atlas", "type": "FILE", "did_type": "FILE"}
        item = self.item("atlas")
        did |= {"bytes": item["size"], "adler32": item["adler32"]}
        pfn = {"rse": "A", "type": "DISK", "priority": 1, "domain": "wan"}
        pfns = {f"{self.url}/files/atlas": pfn}
        self.rucio.says("/dids/t/atlas", fixed(did))
        self.rucio.says("/replicas/list", fixed({**did, "pfns": pfns, "rses": {"A": list(pfns)}}))
        self.rucio.says("/dids/t/at", refused("DataIdentifierNotFound", "There is none."))
        return self

    def stop(self):
        super().stop()
        if self.rucio:
            self.rucio.__exit__(None, None, None)
            self.rucio = None


@pytest.fixture
def remote(configure, tmp_path):
    with Site() as site:
        (tmp_path / "password").write_text("p")
        entry = {"name": "lab", "url": site.rucio.url, "account": "jdoe", "auth": "userpass"}
        configure(
            DataLake={"instances": [entry | {"password_file": str(tmp_path / "password")}]},
        )
        yield site


class TestGet(FetchableContract):
    name = "datalake"
    ref = "rucio:t:atlas"
    missing = "rucio:t:at"

    def content(self, remote):
        return remote.files["atlas"]
