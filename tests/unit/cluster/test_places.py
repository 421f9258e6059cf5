"""Where the cluster of tests keeps what root runs and reads."""

import stat

import pytest

from tests.cluster import places

PLACES = ("STATE", "RUN", "LOCK", "AT_WORK", "DEFAULT_CLASS", "RECYCLING")


@pytest.mark.parametrize("name", PLACES)
def test_nobody_but_root_can_make_it_first(name):
    for parent in getattr(places, name).parents:
        found = parent.stat()
        assert found.st_uid == 0
        assert not stat.S_IMODE(found.st_mode) & (stat.S_IWGRP | stat.S_IWOTH), parent
