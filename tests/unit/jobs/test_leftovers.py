"""What a killed agent leaves beside a complete file is removed."""

import pytest

from escape_vre.jobs.transfer.place import PARTS, Place, forget_part


@pytest.mark.parametrize("killed", ["before the part", "between the two", "before the folder"])
def test_nothing_stays_whenever_the_agent_was_killed(tmp_path, killed):
    final = tmp_path / "a.fits"
    final.write_bytes(b"whole")
    with Place.open(final) as place:
        place.open_part()
        place.write_manifest({"url": "https://lake.example/a.fits"})
    part, manifest = sorted((tmp_path / PARTS).iterdir())
    assert manifest.name == f"{part.name}.json"
    if killed != "before the part":
        part.unlink()
    if killed == "before the folder":
        manifest.unlink()
    forget_part(final)
    assert [path.name for path in tmp_path.iterdir()] == ["a.fits"]
