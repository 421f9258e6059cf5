"""Programs and back ends are not taken from a folder that another user made first."""

import os

import pytest

from escape_vre.core.errors import EscapeError
from escape_vre.local.cache import install_once, is_complete
from escape_vre.local.demo.session import Demo
from escape_vre.local.lake.lake import Lake

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to be two users")


@pytest.fixture
def theirs(tmp_path):
    folder = tmp_path / "theirs"
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    return folder


def never():
    raise AssertionError("something was run")


def test_an_installation_of_another_user_does_not_count(theirs):
    target = theirs / "tool"
    target.mkdir()
    (target / "complete").touch()
    assert is_complete(target)
    os.chown(target / "complete", 65534, 65534)
    assert not is_complete(target)
    with pytest.raises(EscapeError, match="belongs to another user") as caught:
        install_once(target, never, print, what="a tool")
    assert "ESCAPE_VRE_CACHE" in caught.value.hint


@pytest.mark.parametrize(
    "start", [lambda home: Lake(home).start(), lambda home: Demo(home).__enter__()]
)
def test_a_back_end_is_not_started_in_a_folder_of_another_user(theirs, start):
    with pytest.raises(EscapeError, match="belongs to another user") as caught:
        start(theirs)
    assert "--home" in caught.value.hint
    assert list(theirs.iterdir()) == []
