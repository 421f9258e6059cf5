"""Which variables belong to a service, its plug-in says."""

import pytest

from escape_vre.client import with_token as client
from escape_vre.core import caller
from escape_vre.core.plugin import TOKEN, Plugin

TOY = Plugin(
    *("toy", "Toy", ("toy",), (), "", "", ""),
    variables=("TOY_NAME",),
    path_variables=("TOY_FILE",),
    token_variables={"toys": {"TOY_TOKEN": TOKEN, "TOY_AUTH": "token"}},
)


@pytest.fixture(autouse=True)
def toy(monkeypatch):
    for module in (caller, client):
        monkeypatch.setattr(module, "plugins", lambda: {"toy": TOY})
    caller.allowed_variables.cache_clear()
    caller.path_variables.cache_clear()
    yield
    caller.allowed_variables.cache_clear()
    caller.path_variables.cache_clear()


def test_they_are_sent_and_taken_and_paths_are_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sent = caller.pack_environment({"TOY_NAME": "a/b", "TOY_FILE": "a/b", "RUCIO_HOST": "x"})
    found = caller.unpack_environment(sent)
    assert found == {"TOY_NAME": "a/b", "TOY_FILE": str(tmp_path / "a/b")}


def test_a_command_gets_those_of_its_audience(tmp_path):
    file = tmp_path / "token"
    mine = {"BEARER_TOKEN": "old", "TOY_AUTH": "password"}
    assert client.with_token(mine, "toys", "s3cret", file) == {
        "BEARER_TOKEN_FILE": str(file),
        "TOY_TOKEN": "s3cret",
        "TOY_AUTH": "token",
    }
    assert client.with_token({}, "moon", "s3cret", file) == {"BEARER_TOKEN_FILE": str(file)}
