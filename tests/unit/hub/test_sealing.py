"""Sealed sessions: keys, their rotation, and whose a seal is."""

import pytest

from escape_vre.core.errors import ConfigurationError
from escape_vre.hub.sealing import Sealer, derived, read_keys
from escape_vre.hub.settings import Keys

OLD, NEW = "o" * 32, "n" * 64
CONTENT = {"refresh_token": "s3cret"}


def test_the_first_key_seals_and_all_open():
    sealed = Sealer([OLD]).seal("anna", CONTENT)
    assert "s3cret" not in sealed
    both = Sealer([NEW, OLD])
    assert both.open("anna", sealed) == CONTENT
    again = both.seal("anna", CONTENT)
    assert Sealer([NEW]).open("anna", again) == CONTENT
    assert Sealer([OLD]).open("anna", again) is None


def test_a_seal_is_worth_nothing_to_another_user():
    sealer = Sealer([OLD])
    assert sealer.open("bert", sealer.seal("anna", CONTENT)) is None


@pytest.mark.parametrize("sealed", ["", "None", "gAAAAA", "ä", "x" * 5000])
def test_what_is_no_seal_opens_not(sealed):
    assert Sealer([OLD]).open("anna", sealed) is None


def test_one_key_serves_two_purposes_that_do_not_open_each_other():
    assert derived(OLD, b"session") != derived(OLD, b"auth state")


@pytest.mark.parametrize("text", [f"{NEW};{OLD}", f"{NEW}\n{OLD}\n", f"  {NEW} ; {OLD};"])
def test_keys_come_from_a_variable_or_a_file(monkeypatch, tmp_path, text):
    monkeypatch.setenv("KEYS", text)
    assert read_keys(Keys(env="KEYS")) == (NEW, OLD)
    (tmp_path / "keys").write_text(text)
    assert read_keys(Keys(file=str(tmp_path / "keys"))) == (NEW, OLD)


def test_a_missing_key_is_said_with_its_setting(monkeypatch, tmp_path):
    monkeypatch.delenv("ESCAPE_VRE_HUB_KEYS", raising=False)
    with pytest.raises(ConfigurationError, match=r"no key .*global\.escape\.keys\.env") as caught:
        read_keys(Keys())
    assert "openssl" in caught.value.hint
    monkeypatch.setenv("ESCAPE_VRE_HUB_KEYS", " ; ")
    with pytest.raises(ConfigurationError, match="no key"):
        read_keys(Keys())
    with pytest.raises(ConfigurationError, match=r"global\.escape\.keys\.file.* cannot be read"):
        read_keys(Keys(file=str(tmp_path / "none")))


def test_a_short_key_is_refused_and_not_repeated(monkeypatch):
    monkeypatch.setenv("ESCAPE_VRE_HUB_KEYS", f"{OLD};hunter2")
    with pytest.raises(ConfigurationError, match=r"Key 2 in .* has 7 characters") as caught:
        read_keys(Keys())
    assert "hunter2" not in str(caught.value)
