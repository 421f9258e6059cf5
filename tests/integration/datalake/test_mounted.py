"""A site of the real lake, mounted here: its files are used where they are."""

import pytest

import escape_vre
from escape_vre.client import AgentClient
from escape_vre.local.lake.layout import PREFIX
from escape_vre.services.datalake.filesystem.rucio import RucioFileSystem
from tests.integration.conftest import asleep


@pytest.fixture
def north(lake, configure, own_agent):
    site = lake.sites[0]
    folder = lake.layout.site(site)
    mount = {"rse": site, "path": f"{folder}{PREFIX}", "begins_at": 1}
    configure(DataLake={"instances": [{**lake.instance(), "mounts": [mount]}]})
    return folder / PREFIX.strip("/")


def test_a_dataset_is_used_in_place(north, lake, tmp_path):
    with asleep(lake):  # no site sends anything
        got = escape_vre.get("demo:fermi.lightcurves", progress=False)
        assert len(got) == 5
        assert all(path.is_relative_to(north) for path in got)
        with RucioFileSystem(skip_instance_cache=True).open("demo/fermi.photons.fits") as file:
            assert file.name.startswith(str(north))
            assert file.read(6) == b"SIMPLE"
    rows = {row["name"]: row for row in escape_vre.ls("demo:fermi*")}
    assert rows["fermi.lightcurves"]["mounted"]
    assert rows["fermi.lc.3.1-3GeV.csv"]["mounted"]
    (job,) = AgentClient().get("/jobs")["jobs"]
    assert job["counts"]["files_in_place"] == 5
    (copy,) = escape_vre.get("demo:fermi.lc.3.1-3GeV.csv", copy=True, progress=False)
    assert not copy.is_relative_to(north)
    assert copy.read_bytes() == got[2].read_bytes()


def test_what_is_at_another_site_comes_from_there(north, lake):
    """Of this dataset each site has one file."""
    first, second = escape_vre.get("demo:cta.events", progress=False)
    assert first.is_relative_to(north)
    assert not second.is_relative_to(north)
    rows = {row["name"]: row for row in escape_vre.ls("demo:cta.events")}
    assert [row["local"] for row in rows.values()] == ["here", "here"]
    assert [row["mounted"] for row in rows.values()] == [True, False]
