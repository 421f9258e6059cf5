"""Installing a lake's programs, with a real pip and no network."""

import pytest

from escape_vre.local.lake import LakeError, environment


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("ESCAPE_VRE_CACHE", str(tmp_path))
    return tmp_path


def test_a_failure_says_pips_last_words(monkeypatch, tmp_path):
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("no-such-package-of-escape-vre==1\n")
    monkeypatch.setattr(environment, "REQUIREMENTS", requirements)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    said = []
    with pytest.raises(LakeError, match="No matching distribution") as raised:
        environment.install(said.append)
    assert "network" in raised.value.hint
    assert "Installing Rucio's server" in said[0]
    assert not environment.installed()


def test_an_interrupted_one_is_done_again(monkeypatch, tmp_path):
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("# nothing\n")
    monkeypatch.setattr(environment, "REQUIREMENTS", requirements)
    left = environment.folder()
    (left / "bin").mkdir(parents=True)
    (left / "half").write_text("of a package")
    environment.install(lambda _sentence: None)
    assert environment.installed()
    assert not (left / "half").exists()
    said = []
    environment.install(said.append)
    assert said == []
