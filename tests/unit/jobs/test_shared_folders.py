"""Folders that others can write to: no link of theirs is followed, nothing of ours overwritten."""

import hashlib
import os
from pathlib import Path

import pytest

from escape_vre.core.errors import ConfigurationError, NotFoundError, UsageError
from escape_vre.core.service import StorageAccess
from escape_vre.jobs.transfer.place import PARTS, drop_abandoned
from escape_vre.testing.storage import FakeStorage
from tests.unit.jobs.moving import BIG, SMALL, run, source

OTHER = 65534


@pytest.fixture
def storage():
    with FakeStorage() as running:
        yield running


@pytest.fixture
def shared(tmp_path):
    """A folder of a group, where another user acts first."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to act for another user")
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o777)
    return folder


@pytest.fixture
def precious(tmp_path):
    """A file of ours that somebody is after."""
    file = tmp_path / "precious"
    file.write_text("ours")
    return file


def of_other(path):
    os.chown(path, OTHER, OTHER, follow_symlinks=False)
    return path


def part_of(final: Path) -> Path:
    return final.parent / PARTS / hashlib.sha256(final.name.encode()).hexdigest()[:32]


def parts_of_other(shared):
    parts = shared / PARTS
    parts.mkdir()
    parts.chmod(0o777)
    of_other(parts)


def parts_elsewhere(shared):
    target = shared / "theirs"
    target.mkdir()
    of_other(target)
    (shared / PARTS).symlink_to(target)
    of_other(shared / PARTS)


@pytest.mark.parametrize("plant", [parts_of_other, parts_elsewhere])
def test_a_folder_of_parts_that_is_not_ours_is_refused(storage, shared, plant):
    plant(shared)
    with pytest.raises(UsageError, match="belongs to another user") as caught:
        run(source(BIG, storage.put("f", BIG)), shared / "f")
    assert caught.value.hint
    assert not (shared / "f").exists()


@pytest.mark.parametrize("plant", ["symlink", "link", "fifo", "file"])
def test_a_part_that_is_not_ours_is_refused(storage, shared, precious, plant):
    """The folder was open to others once, as those of earlier versions were."""
    final = shared / "f"
    part = part_of(final)
    part.parent.mkdir()
    if plant == "symlink":
        part.symlink_to(precious)
    elif plant == "link":
        part.hardlink_to(precious)
    elif plant == "fifo":
        os.mkfifo(part)
    else:
        part.write_text("theirs")
        of_other(part)
    with pytest.raises(UsageError, match="belongs to another user"):
        run(source(BIG, storage.put("f", BIG)), final)
    assert precious.read_text() == "ours"
    assert part.parent.stat().st_mode & 0o077 == 0, "nobody can plant another one"


def test_a_planted_manifest_is_not_written_through(storage, shared, precious):
    final = shared / "f"
    manifest = part_of(final).with_suffix(".json")
    manifest.parent.mkdir()
    manifest.symlink_to(precious)
    run(source(BIG, storage.put("f", BIG)), final)
    assert (precious.read_text(), final.read_bytes()) == ("ours", BIG)


@pytest.mark.parametrize("into", ["f", "there/f", "there/below/f"])
def test_a_link_of_another_user_is_not_followed(storage, shared, tmp_path, into):
    home = tmp_path / "home"
    home.mkdir()
    (shared / "there").symlink_to(home)
    of_other(shared / "there")
    final = shared / into
    if into == "f":
        final.symlink_to(home / "f")
        of_other(final)
        what = source(SMALL, storage.put("f", SMALL), checksum=False)
        with pytest.raises(Exception, match="already exists"):
            run(what, final)
    else:
        with pytest.raises(UsageError, match="another user has made"):
            run(source(SMALL, storage.put("f", SMALL)), final)
    assert list(home.iterdir()) == []


def test_our_own_links_are_followed(storage, shared, tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    (shared / "mine").symlink_to(scratch)
    run(source(SMALL, storage.put("f", SMALL)), shared / "mine" / "set" / "f")
    assert (scratch / "set" / "f").read_bytes() == SMALL


def test_a_fifo_under_the_final_name_holds_nobody_up(storage, tmp_path):
    os.mkfifo(tmp_path / "f")
    with pytest.raises(Exception, match="already exists"):
        run(source(SMALL, storage.put("f", SMALL)), tmp_path / "f")


def test_dropping_what_was_begun_follows_no_link(shared, precious):
    final = shared / "f"
    part = part_of(final)
    part.parent.mkdir()
    part.symlink_to(precious)
    drop_abandoned(final)
    assert precious.read_text() == "ours"


class Mounted(StorageAccess):
    """Allows the replicas below one folder."""

    def __init__(self, folder):
        self.folder = folder

    def roots(self):
        return [str(self.folder)]


@pytest.fixture
def mounted(tmp_path):
    folder = tmp_path / "mount"
    (folder / "below").mkdir(parents=True)
    (folder / "below" / "f").write_bytes(SMALL)
    return folder


@pytest.mark.parametrize("url", ["file:///proc/self/environ", "file:///etc/hostname"])
def test_a_replica_outside_the_sites_folders_is_not_read(mounted, tmp_path, url):
    with pytest.raises(ConfigurationError, match="may be read"):
        run(source(SMALL, url, size=False, checksum=False), tmp_path / "f", access=Mounted(mounted))
    assert not (tmp_path / "f").exists()


def test_nor_one_that_a_link_or_dots_lead_to(mounted, tmp_path):
    (tmp_path / "secret").write_bytes(SMALL)
    (mounted / "link").symlink_to(tmp_path / "secret")
    for url in (f"file://{mounted}/link", f"file://{mounted}/below/../../secret"):
        with pytest.raises(ConfigurationError, match="may be read"):
            run(source(SMALL, url), tmp_path / "f", access=Mounted(mounted))


def test_a_link_within_the_folder_is_followed(mounted, tmp_path):
    (mounted / "link").symlink_to(mounted / "below")
    run(source(SMALL, f"file://{mounted}/link/f"), tmp_path / "f", access=Mounted(mounted))
    assert (tmp_path / "f").read_bytes() == SMALL


@pytest.mark.parametrize("kind", ["fifo", "folder", "device"])
def test_only_regular_files_are_read(mounted, tmp_path, kind):
    if kind == "fifo":
        os.mkfifo(mounted / "x")
    elif kind == "folder":
        (mounted / "x").mkdir()
    elif os.geteuid() == 0:
        os.mknod(mounted / "x", 0o600 | 0o020000, os.makedev(1, 5))
    with pytest.raises(NotFoundError):
        run(source(SMALL, f"file://{mounted}/x"), tmp_path / "f", access=Mounted(mounted))
