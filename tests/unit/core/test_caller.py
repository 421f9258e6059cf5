"""Paths below the folder that a Jupyter server shows: compared by name, as Jupyter does."""

import pytest

from escape_vre.core.caller import Caller
from escape_vre.core.errors import UsageError


@pytest.fixture
def place(tmp_path):
    """``home`` is a link to ``disk/me``, in which ``scratch`` is a link to ``big``."""
    (tmp_path / "disk" / "me").mkdir(parents=True)
    (tmp_path / "big").mkdir()
    (tmp_path / "home").symlink_to("disk/me")
    (tmp_path / "home" / "scratch").symlink_to(tmp_path / "big")
    return tmp_path


def test_a_folder_below_a_linked_root_keeps_its_name(place):
    caller = Caller(contents_root=place / "home")
    chosen = caller.folder("mine")
    assert chosen == place / "home" / "mine"
    assert caller.contents_path(str(chosen / "f")) == "mine/f"


def test_a_linked_folder_below_the_root_may_be_chosen(place):
    caller = Caller(contents_root=place / "home")
    chosen = caller.folder("/scratch/today")
    assert chosen == place / "home" / "scratch" / "today"
    assert caller.contents_path(str(chosen)) == "scratch/today"


@pytest.mark.parametrize("to", ["../out", "/../../etc", "a/../../home2", "scratch/../../big"])
def test_what_is_outside_by_name_is_outside(place, to):
    with pytest.raises(UsageError, match="outside"):
        Caller(contents_root=place / "home").folder(to)


def test_dots_are_taken_out_by_name(place):
    caller = Caller(contents_root=place / "big" / ".." / "home")
    assert caller.folder("scratch/../mine/./x") == place / "home" / "mine" / "x"
    assert caller.contents_path(str(place / "home" / "a" / ".." / "f")) == "f"


def test_the_same_folder_by_another_name_is_found(place):
    shown_by_its_own_name = Caller(contents_root=place / "disk" / "me")
    assert shown_by_its_own_name.contents_path(str(place / "home" / "data" / "f")) == "data/f"
    shown_by_a_link = Caller(contents_root=place / "home")
    assert shown_by_a_link.contents_path(str(place / "disk" / "me" / "f")) == "f"
    assert shown_by_a_link.contents_path(str(place / "elsewhere" / "f")) is None


def test_a_site_may_refuse_links_that_lead_out(place):
    (place / "home" / "inner").mkdir()
    (place / "home" / "short").symlink_to("inner")
    caller = Caller(contents_root=place / "home", follow_links=False)
    assert caller.folder("short") == place / "home" / "short"
    with pytest.raises(UsageError, match="outside"):
        caller.folder("scratch/today")
