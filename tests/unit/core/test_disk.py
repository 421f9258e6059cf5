"""What a file system lacks is a nicety: the syscalls are refused as real ones refuse them."""

import errno
import fcntl
import os

import pytest

from escape_vre.core import disk
from escape_vre.jobs.transfer.place import copy_into

LACKS = [errno.EINVAL, errno.ENOTSUP, errno.ENOSYS]


def refusing(number):
    def call(*_args, **_kwargs):
        raise OSError(number, os.strerror(number))

    return call


@pytest.mark.parametrize("number", LACKS)
def test_a_folder_that_cannot_be_synced_is_no_error(tmp_path, monkeypatch, number):
    monkeypatch.setattr(os, "fsync", refusing(number))
    disk.sync_folder(tmp_path)
    descriptor = os.open(tmp_path, os.O_RDONLY)
    disk.sync_folder(descriptor)
    os.close(descriptor)


def test_a_disk_that_fails_is_one(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", refusing(errno.EIO))
    with pytest.raises(OSError, match="Input/output"):
        disk.sync_folder(tmp_path)


def test_only_somebody_elses_lock_is_held(tmp_path, monkeypatch):
    one = os.open(tmp_path / "f", os.O_RDWR | os.O_CREAT)
    other = os.open(tmp_path / "f", os.O_RDWR)
    assert disk.lock(one) == "ours"
    assert disk.lock(other) == "held"
    os.close(one)
    assert disk.lock(other, shared=True) == "ours"
    for number in (errno.ENOSYS, errno.ENOLCK, errno.EINVAL, errno.ENOTSUP):
        monkeypatch.setattr(fcntl, "flock", refusing(number))
        assert disk.lock(other) == "none"
    os.close(other)


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOSYS, errno.EXDEV, errno.EOPNOTSUPP])
def test_a_copy_needs_neither_reflink_nor_sendfile(tmp_path, monkeypatch, number):
    monkeypatch.setattr(fcntl, "ioctl", refusing(number))
    monkeypatch.setattr(os, "sendfile", refusing(number))
    body = os.urandom(20 * 1024 * 1024 + 7)
    (tmp_path / "a").write_bytes(body)
    source = os.open(tmp_path / "a", os.O_RDONLY)
    target = os.open(tmp_path / "b", os.O_RDWR | os.O_CREAT)
    assert copy_into(source, target, lambda: None) == len(body)
    os.close(source)
    os.close(target)
    assert (tmp_path / "b").read_bytes() == body


def test_a_copy_that_the_disk_refuses_fails(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sendfile", refusing(errno.ENOSPC))
    monkeypatch.setattr(fcntl, "ioctl", refusing(errno.EOPNOTSUPP))
    (tmp_path / "a").write_bytes(b"x")
    source = os.open(tmp_path / "a", os.O_RDONLY)
    target = os.open(tmp_path / "b", os.O_RDWR | os.O_CREAT)
    with pytest.raises(OSError, match="No space"):
        copy_into(source, target, lambda: None)
    os.close(source)
    os.close(target)


def test_a_folder_is_made_and_opened_by_its_path(tmp_path):
    descriptor = disk.open_folder(tmp_path / "a" / "b", make=True)
    assert os.path.samestat(os.fstat(descriptor), (tmp_path / "a" / "b").stat())
    os.close(descriptor)
    with pytest.raises(FileNotFoundError):
        disk.open_folder(tmp_path / "c")


def test_links_without_end_are_no_endless_loop(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links"):
        disk.open_folder(tmp_path / "a")


def test_without_links_none_is_followed(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(NotADirectoryError):
        disk.open_folder(tmp_path / "b", links=False)
