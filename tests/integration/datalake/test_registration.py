"""Files that are at an RSE already are registered where they are."""

import os
import zlib

import pytest

import escape_vre
from escape_vre.core.errors import ConflictError, NotFoundError, UsageError
from escape_vre.local.lake.layout import HOST

pytestmark = pytest.mark.one_agent
NORTH = "NORTH-USERDISK"
LOOSE = "LOOSE-USERDISK"


@pytest.fixture(scope="module")
def loose(lake):
    """An RSE without a rule for where files are, in a folder of the northern site."""
    port = lake.layout.ports()["sites"][NORTH]
    allowed = {"read": 1, "write": 1, "delete": 1}
    with lake.rest() as rest:
        rest.call("POST", f"/rses/{LOOSE}", {"deterministic": False})
        protocol = {
            "hostname": HOST,
            "port": port,
            "prefix": "/data/loose/",
            "impl": "rucio.rse.protocols.webdav.Default",
            "domains": {"lan": allowed, "wan": allowed},
        }
        rest.call("POST", f"/rses/{LOOSE}/protocols/https", protocol)
        rest.call("POST", f"/accounts/demo/limits/local/{LOOSE}", {"bytes": 10**9})
    yield f"https://{HOST}:{port}/data/loose/"
    with lake.rest() as rest:  # it holds files, and cannot be deleted: others must not choose it
        rest.call("DELETE", f"/accounts/demo/limits/local/{LOOSE}")
        closed = {"availability_write": False, "availability_read": False}
        rest.call("PUT", f"/rses/{LOOSE}", closed)


@pytest.fixture
def there(lake, loose):
    """Write a file to the site, as a telescope might; returns its name, URL and content."""
    name, content = f"raw.{os.urandom(4).hex()}", os.urandom(12_345)
    path = lake.layout.site(NORTH) / "data" / "loose" / "night" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return name, f"{loose}night/{name}", content


def test_a_file_is_registered_where_it_is_and_can_be_fetched(dl, lake, rucio, there, tmp_path):
    name, url, content = there
    found = escape_vre.register(f"demo:{name}", rse=LOOSE, pfn=url)
    assert (found["bytes"], found["existed"]) == (len(content), False)
    assert found["adler32"] == f"{zlib.adler32(content):08x}"
    (fetched,) = escape_vre.get(f"demo:{name}", progress=False)
    assert fetched.read_bytes() == content
    assert name in rucio("list-dids", "--short", "--filter", "type=all", f"demo:{name}")
    with lake.rest() as rest:
        (rule,) = rest.call("GET", f"/dids/demo/{name}/rules")
    assert (rule["rse_expression"], rule["state"]) == (LOOSE, "OK")
    again = escape_vre.register(f"demo:{name}", rse=LOOSE, pfn=url)
    assert again["existed"]


@pytest.mark.parametrize(
    ("said", "error", "why"),
    [
        ({}, UsageError, "the address is needed"),
        ({"pfn": "nowhere"}, NotFoundError, "There is no file"),
        ({"pfn": "url", "bytes": 5}, ConflictError, "is another one: it has 12345 bytes"),
        ({"pfn": "url", "adler32": "00000001"}, ConflictError, "is another one"),
        ({"pfn": "url", "adler32": "xyz"}, UsageError, "is no adler32"),
    ],
)
def test_what_is_not_so_is_not_registered(dl, there, said, error, why):
    name, url, _ = there
    places = {"url": url, "nowhere": f"{url}.not", None: None}
    said = {**said, "pfn": places[said.get("pfn")]}
    with pytest.raises(error, match=why):
        escape_vre.register(f"demo:{name}", rse=LOOSE, **said)
    with pytest.raises(NotFoundError):
        escape_vre.info(f"demo:{name}")
