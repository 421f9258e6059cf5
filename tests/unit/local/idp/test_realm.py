"""What is asked of Keycloak, and how names become files."""

import pytest

from escape_vre.local.idp import realm
from escape_vre.local.idp.layout import Layout


def test_only_given_lifetimes_are_changed():
    assert realm.lifetimes(access_token_s=60) == {"accessTokenLifespan": 60}
    assert realm.lifetimes() == {}


def test_every_group_of_a_user_is_made():
    for groups in realm.USERS.values():
        assert set(groups) <= set(realm.GROUPS)
    for path in realm.GROUPS:
        parent = path.rpartition("/")[0]
        assert not parent or realm.GROUPS.index(parent) < realm.GROUPS.index(path)


def test_nobody_shares_an_address():
    users = [realm.user(name, "x", (), n) for n, name in enumerate(["alice", "o'neil", "Zoë/x"])]
    assert len({user["email"] for user in users}) == 3
    assert all(user["email"].isascii() for user in users)


@pytest.mark.parametrize("name", ["../../etc/passwd", "..", "a/b", "Zoë", "x.lock", "."])
def test_a_name_is_a_file_in_its_folder(tmp_path, name):
    layout = Layout(tmp_path)
    for path, folder in (
        (layout.password(name), layout.passwords),
        (layout.secret(name), layout.secrets),
    ):
        assert path.resolve().parent == folder


def test_names_do_not_become_one(tmp_path):
    layout = Layout(tmp_path)
    names = ["a/b", "a%2Fb", "a.b", "a%2Eb", "ab"]
    assert len({layout.password(name) for name in names}) == len(names)
