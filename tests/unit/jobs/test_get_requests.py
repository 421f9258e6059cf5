"""Which requests for files are one."""

import pytest

from escape_vre.core.loops import Loops
from escape_vre.core.settings import Transfers
from escape_vre.jobs.kinds.get import Get
from escape_vre.jobs.kinds.get_request import GetRequest
from escape_vre.jobs.manifest import Manifest


@pytest.fixture
def key(tmp_path):
    """Return what equal requests share."""
    get = Get(
        settings=Transfers(),
        manifest=Manifest(tmp_path / "manifest"),
        data_dir=lambda: tmp_path,
        loops=Loops(),
    )
    asked = {"service": "datalake", "instance": "x", "account": "a", "title": "f"}
    asked |= {"refs": ("rucio:t:f", "rucio:t:g"), "destination": "/data"}
    return lambda **more: get.key(GetRequest(**{**asked, **more}))


def test_a_folder_with_two_names_is_one(tmp_path, key):
    (tmp_path / "disk" / "me").mkdir(parents=True)
    (tmp_path / "home").symlink_to("disk/me")
    here, there = str(tmp_path / "home" / "d"), str(tmp_path / "disk" / "me" / "d")
    assert key(destination=here) == key(destination=there)
    assert key(destination=here) != key(destination=str(tmp_path / "d"))


def test_the_order_of_refs_and_patterns_does_not_matter(key):
    assert key() == key(refs=("rucio:t:g", "rucio:t:f"), title="another")
    assert key(files=("a*", "b*")) == key(files=("b*", "a*"))


@pytest.mark.parametrize(
    "other",
    [{"account": "b"}, {"instance": "y"}, {"files": ("a*",)}, {"flat": True}, {"refs": ("t:f",)}],
)
def test_anything_else_makes_another(key, other):
    assert key() != key(**other)
