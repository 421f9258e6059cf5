"""``escape-vre idp`` without a provider."""

import argparse
import json

import pytest

from escape_vre.local.idp import Idp, IdpError, cli, idp


@pytest.fixture
def run():
    parser = argparse.ArgumentParser()
    cli.add_idp_commands(parser)

    def run(*arguments):
        parsed = parser.parse_args([*map(str, arguments)])
        return parsed.run(parsed)

    return run


@pytest.mark.parametrize("command", ["start", "stop", "status", "reset"])
def test_every_command_has_help(run, command, capsys):
    with pytest.raises(SystemExit) as ended:
        run(command, "--help")
    assert ended.value.code == 0
    assert "--home DIR" in capsys.readouterr().out


def test_status_of_none(run, tmp_path, capsys):
    assert run("status", "--home", tmp_path / "none") == 1
    assert "There is no identity provider" in capsys.readouterr().out
    assert run("status", "--home", tmp_path / "none", "--json") == 1
    assert json.loads(capsys.readouterr().out)["state"] == "absent"
    assert not (tmp_path / "none").exists()


def test_stop_of_none_makes_nothing(run, tmp_path):
    assert run("stop", "--home", tmp_path / "none") == 0
    assert not (tmp_path / "none").exists()


def test_reset_asks_first(run, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda _question: "no")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "start.lock").touch()
    assert run("reset", "--home", tmp_path) == 1
    said = capsys.readouterr().out
    assert "cannot be undone" in said
    assert "Nothing was erased" in said
    assert (tmp_path / "run" / "start.lock").exists()


def test_home_is_in_the_state_folder(run, own_agent, capsys):
    run("status", "--json")
    assert json.loads(capsys.readouterr().out)["home"] == str(own_agent / "idp")


def test_an_unusable_folder_is_one_sentence(run, tmp_path, monkeypatch):
    monkeypatch.setattr(Idp, "install", lambda _self: None)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(IdpError, match="cannot be used") as raised:
        run("start", "--home", tmp_path / "file" / "idp")
    assert "--home" in raised.value.hint


def test_the_command_says_what_went_wrong(monkeypatch, tmp_path, capsys):
    from escape_vre.cli import main

    monkeypatch.setattr(idp, "find_java", lambda: (_ for _ in ()).throw(IdpError("No.", "Do.")))
    assert main(["idp", "start", "--home", str(tmp_path)]) == 1
    assert capsys.readouterr().err == "escape-vre: No.\nDo.\n"


def test_erases_only_its_own(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(IdpError, match="not the folder of an identity provider"):
        Idp(tmp_path).erase()
    assert (tmp_path / "thesis.tex").exists()


def test_one_that_never_ran_says_so(tmp_path):
    provider = Idp(tmp_path / "none")
    for ask in (
        lambda: provider.issuer,
        lambda: provider.password("alice"),
        lambda: provider.client_secret(),
        lambda: provider.sign_out("alice"),
        lambda: provider.pause(),
    ):
        with pytest.raises(IdpError):
            ask()
