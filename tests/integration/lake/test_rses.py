"""The RSEs beside the two sites: tape, one that is not deterministic, and one that is read only."""

import uuid
import zlib

import pytest

from escape_vre.local.lake import LakeError
from escape_vre.local.lake.rest import path
from escape_vre.testing.waiting import wait_until

TAPE, LOCAL, ARCHIVE = "EAST-TAPE", "EAST-LOCALGROUPDISK", "EAST-ARCHIVE"


@pytest.fixture
def name():
    return f"east-{uuid.uuid4().hex}"


def rule(lake, name, rse, account="demo"):
    with lake.rest(account) as rest:
        rest.call(
            "POST",
            "/rules/",
            {
                "dids": [{"scope": "user.demo", "name": name}],
                "account": account,
                "copies": 1,
                "rse_expression": rse,
                "grouping": "DATASET",
            },
        )


def replicas(lake, name):
    with lake.rest("demo") as rest:
        body = {"dids": [{"scope": "user.demo", "name": name}], "all_states": True}
        return rest.call("POST", "/replicas/list", body)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("site=EAST", {TAPE, LOCAL, ARCHIVE}),
        ("country=NL|country=IT", {"NORTH-USERDISK", "SOUTH-USERDISK"}),
        ("QOS=SAFE", {TAPE, ARCHIVE}),
        ("type=DATADISK\\site=EAST", {"NORTH-USERDISK", "SOUTH-USERDISK"}),
    ],
)
def test_expressions_have_something_to_choose_from(lake, expression, expected):
    with lake.rest("demo") as rest:
        found = rest.call("GET", "/rses/?expression=" + expression.replace("\\", "%5C"))
    assert {one["rse"] for one in found} == expected


def test_a_file_on_tape_is_staged_by_a_rule(lake, storage, name):
    content = b"from tape"
    lake.upload_many("user.demo", name, [(f"{name}.1", content)], site=TAPE)
    (found,) = replicas(lake, name)
    (pfn,) = found["pfns"]
    assert (found["pfns"][pfn]["type"], found["states"]) == ("TAPE", {TAPE: "AVAILABLE"})
    where = "/" + pfn.split("/", 3)[3]
    refused = storage("GET", where, site=1)
    assert (refused.status, b"File not online" in refused.content) == (403, True)
    assert storage("HEAD", where, site=1).headers["Content-Length"] == str(len(content))

    lake.transfers_take(0, staging_s=3600)
    try:
        rule(lake, name, lake.sites[0])
        wait_until(lambda: replicas(lake, name)[0]["states"].get(lake.sites[0]) == "COPYING")
        with lake.rest() as rest:
            request = path("requests", "user.demo", f"{name}.1", lake.sites[0])
            wait_until(lambda: rest.call("GET", request)[0]["state"] == "SUBMITTED")
    finally:
        lake.transfers_take(0)
    wait_until(lambda: replicas(lake, name)[0]["states"].get(lake.sites[0]) == "AVAILABLE")
    (found,) = replicas(lake, name)
    disk = next(one for one in found["pfns"] if found["pfns"][one]["type"] == "DISK")
    assert storage("GET", "/" + disk.split("/", 3)[3]).content == content


def test_a_rule_brings_a_file_to_tape(lake, name):
    lake.upload_many("user.demo", name, [(f"{name}.1", b"to tape")])
    rule(lake, name, TAPE)
    wait_until(lambda: replicas(lake, name)[0]["states"].get(TAPE) == "AVAILABLE")


def test_a_file_is_registered_in_place(lake, storage, name):
    """On the RSE that is not deterministic, an ordinary account says where a file is."""
    content = b"it was here before"
    pfn = lake.leave_file(LOCAL, f"old data/{name}.dat", content)
    file = {
        "scope": "user.demo",
        "name": name,
        "bytes": len(content),
        "adler32": f"{zlib.adler32(content):08x}",
        "pfn": pfn,
    }
    with lake.rest("demo") as rest:
        rest.add_files(LOCAL, [file])
    (found,) = replicas(lake, name)
    (known,) = found["rses"][LOCAL]
    assert (
        storage("GET", "/" + known.split("/", 3)[3].replace(" ", "%20"), site=1).content == content
    )
    rule(lake, name, lake.sites[0])
    wait_until(lambda: replicas(lake, name)[0]["states"].get(lake.sites[0]) == "AVAILABLE")


def test_a_place_must_be_given_where_rucio_does_not_choose_it(lake, name):
    file = {"scope": "user.demo", "name": name, "bytes": 1, "adler32": "00000001"}
    with lake.rest("demo") as rest, pytest.raises(LakeError, match="PFN"):
        rest.add_files(LOCAL, [file])
    with pytest.raises(LakeError, match="no RSE NOWHERE"):
        lake.leave_file("NOWHERE", "file", b"")


def test_the_archive_takes_nothing(lake, name):
    lake.upload_many("user.demo", name, [(f"{name}.1", b"stays")])
    with pytest.raises(LakeError, match="refused"):
        rule(lake, name, ARCHIVE)
    with lake.rest("demo") as rest:
        (found,) = rest.call("GET", path("rses", ARCHIVE))
    assert (found["availability_write"], found["availability_read"]) == (False, True)


def test_the_samples_stay_on_the_two_sites(lake):
    with lake.rest("demo") as rest:
        found = rest.call(
            "POST", "/replicas/list", {"dids": [{"scope": "demo", "name": "samples"}]}
        )
    assert {rse for one in found for rse in one["states"]} == set(lake.sites)
