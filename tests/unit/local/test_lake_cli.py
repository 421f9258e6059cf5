"""The lake's commands and its installation, without a lake."""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import pytest

from escape_vre.local.lake import Lake, LakeError, cli, environment
from escape_vre.local.lake.behaviour import FAULTS
from escape_vre.local.lake.layout import Layout
from escape_vre.local.lake.rest import path
from escape_vre.local.lake.upload import place


@pytest.fixture
def run():
    parser = argparse.ArgumentParser()
    cli.add_lake_commands(parser)

    def run(*arguments):
        parsed = parser.parse_args([*map(str, arguments)])
        return parsed.run(parsed)

    return run


@pytest.mark.parametrize("command", ["start", "stop", "status", "reset", "map"])
def test_every_command_has_help(run, command, capsys):
    with pytest.raises(SystemExit) as ended:
        run(command, "--help")
    assert ended.value.code == 0
    assert "--home DIR" in capsys.readouterr().out


def test_status_of_no_lake(run, tmp_path, capsys):
    assert run("status", "--home", tmp_path / "none") == 1
    assert "There is no lake" in capsys.readouterr().out
    assert run("status", "--home", tmp_path / "none", "--json") == 1
    assert json.loads(capsys.readouterr().out)["state"] == "absent"
    assert not (tmp_path / "none").exists()


def test_stop_of_no_lake_makes_nothing(run, tmp_path):
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


def test_home_follows_the_state_folder(run, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("ESCAPE_VRE_HOME", str(tmp_path))
    run("status", "--json")
    assert json.loads(capsys.readouterr().out)["home"] == str(tmp_path / "lake")


def test_an_unusable_folder_is_one_sentence(run, tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "installed", lambda: True)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LakeError, match="cannot be used") as raised:
        run("start", "--home", tmp_path / "file" / "lake")
    assert "--home" in raised.value.hint


def test_what_describes_no_provider_is_refused(run, tmp_path):
    for option in (("--audience", "lake"), ("--issuer-ca", "/none")):
        with pytest.raises(LakeError, match="need a provider"):
            run("start", "--home", tmp_path / "lake", *option)
    with pytest.raises(SystemExit):
        run("start", "--issuer", "https://idp.example", "--no-issuer")
    assert not (tmp_path / "lake").exists()


def test_a_provider_that_does_not_answer_starts_nothing(run, tmp_path):
    with pytest.raises(LakeError, match="did not answer like"):
        run("start", "--home", tmp_path / "lake", "--issuer", "https://127.0.0.1:9")
    assert not (tmp_path / "lake").exists()


def test_the_command_says_it_without_a_traceback(tmp_path, monkeypatch, capsys):
    from escape_vre.cli import main

    monkeypatch.setattr(environment, "installed", lambda: True)
    (tmp_path / "file").write_text("in the way")
    assert main(["lake", "start", "--home", str(tmp_path / "file" / "lake")]) == 1
    assert capsys.readouterr().err.startswith("escape-vre: The lake's folder")


def test_a_lake_that_exists_keeps_its_policy(run, tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "installed", lambda: True)
    made = tmp_path / "server"
    made.mkdir()
    (made / "seeded").touch()
    for kept, other in (("generic", "escape"), ("escape", "generic")):
        (made / "policy").write_text(f"{kept}\n")
        with pytest.raises(LakeError, match=f"made with the policy {kept}") as raised:
            run("start", "--home", tmp_path, "--policy", other)
        assert f"reset --policy {other}" in raised.value.hint


class TestInstall:
    @pytest.fixture(autouse=True)
    def cache(self, monkeypatch, tmp_path):
        monkeypatch.setenv("ESCAPE_VRE_CACHE", str(tmp_path))
        return tmp_path

    def test_the_key_knows_requirements_and_python(self, monkeypatch, tmp_path):
        before = environment.folder()
        requirements = tmp_path / "requirements.txt"
        requirements.write_text("other\n")
        monkeypatch.setattr(environment, "REQUIREMENTS", requirements)
        assert environment.folder() != before
        other = environment.folder()
        monkeypatch.setattr(sys, "version_info", (3, 99, 0))
        assert environment.folder() != other

    def test_pins_everything(self):
        lines = environment.REQUIREMENTS.read_text().splitlines()
        pins = [line for line in lines if line and not line.startswith("#")]
        assert all("==" in pin for pin in pins)
        assert "rucio==41.5.1" in pins

    def test_leaves_out_what_would_mix_environments(self, monkeypatch):
        for name in ("PYTHONPATH", "RUCIO_CONFIG", "X509_USER_PROXY", "VIRTUAL_ENV"):
            monkeypatch.setenv(name, "x")
        monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
        kept = environment.clean_environment()
        assert not {"PYTHONPATH", "RUCIO_CONFIG", "X509_USER_PROXY", "VIRTUAL_ENV"} & set(kept)
        assert kept["PIP_INDEX_URL"] == "https://mirror.example/simple"


def test_paths_quote_slashes():
    assert path("dids", "cms", "/A/B/C") == "/dids/cms/%2FA%2FB%2FC"


def test_the_page_has_every_fault():
    page = (Path(__file__).parents[3] / "docs/developer/lake.md").read_text()
    for fault, what in FAULTS.items():
        assert f"| `{fault}` | {what} |" in page


def test_what_only_a_running_lake_does_is_refused(tmp_path):
    for order in (
        lambda lake: lake.transfers_take(1),
        lambda lake: lake.break_storage(lake.sites[0], "full"),
    ):
        with pytest.raises(LakeError, match="is not running"):
            order(Lake(tmp_path / "lake"))
    assert not (tmp_path / "lake").exists()


def test_place_is_rucios_hash(tmp_path):
    layout = Layout(tmp_path)
    found = place(layout, layout.sites[0], "user.demo", "a/b.csv")
    assert found.relative_to(tmp_path / "sites" / layout.sites[0]).parts[:3] == (
        "data",
        "user",
        "demo",
    )
    assert found.parts[-2:] == ("a", "b.csv")


def test_needs_the_standard_library_only():
    script = (
        "import sys; sys.modules.update(dict.fromkeys("
        "['jupyter_core', 'traitlets', 'pydantic', 'httpx', 'fastapi']));"
        "import escape_vre.local.lake, escape_vre.local.lake.cli; print('imported')"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", script],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "imported"
