"""Keycloak is downloaded whole and right, or what is there does not count."""

import subprocess
import sys

import pytest

from escape_vre.local.idp import IdpError, installation

BUILDS = 'case "$*" in *" build "*) exit 0;; *) exit 3;; esac'


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("ESCAPE_VRE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    return tmp_path / "cache"


@pytest.fixture
def said():
    return []


def part(cache):
    return cache / f"keycloak-{installation.VERSION}.zip.part"


def test_installs_once(maven, java, said):
    installation.install(said.append, java(BUILDS))
    assert installation.installed()
    assert (installation.folder() / "lib" / "quarkus-run.jar").read_text() == "a jar"
    (asked,) = maven.asked
    assert asked[0].startswith("/maven2/org/keycloak/keycloak-quarkus-dist/")
    assert any("Downloading Keycloak" in one and "3 MB" in one for one in said)
    installation.install(said.append, java("exit 1"))
    assert len(maven.asked) == 1


def test_leaves_nothing_beside(maven, java, cache):
    installation.install(lambda _: None, java(BUILDS))
    names = {path.name for path in cache.iterdir()}
    assert names == {installation.folder().name, f"{installation.folder().name}.lock"}
    assert not list(installation.folder().glob("training-*"))


def test_a_broken_download_is_continued(maven, cache):
    maven.breaks_after = 1_000_000
    with pytest.raises(IdpError, match="ended after 1 MB"):
        installation.download(lambda _: None)
    have = part(cache).stat().st_size
    assert have == 1_000_000
    maven.breaks_after = None
    found = installation.download(lambda _: None)
    assert found.read_bytes() == maven.content
    assert maven.asked[-1][1] == f"bytes={have}-"


def test_a_server_that_cannot_continue_begins_again(maven, cache):
    part(cache).write_bytes(maven.content[:1_000_000])
    maven.continues = False
    assert installation.download(lambda _: None).read_bytes() == maven.content


@pytest.mark.parametrize("left", [b"of another file", b"longer" * 1_000_000])
def test_a_part_of_something_else_is_dropped(maven, cache, left):
    part(cache).write_bytes(left)
    assert installation.download(lambda _: None).read_bytes() == maven.content


def test_what_is_there_is_not_downloaded(maven, cache):
    part(cache).write_bytes(maven.content)
    assert installation.download(lambda _: None).read_bytes() == maven.content
    assert maven.asked == []


def test_a_wrong_file_is_refused(maven, java, monkeypatch):
    monkeypatch.setattr(installation, "SHA512", "0" * 128)
    with pytest.raises(IdpError, match="SHA-512 is wrong") as raised:
        installation.install(lambda _: None, java(BUILDS))
    assert "ESCAPE_VRE_MAVEN" in raised.value.hint
    assert not installation.installed()
    assert not installation.folder().exists()


def test_a_repository_that_refuses_is_named(maven):
    maven.status = 403
    with pytest.raises(IdpError, match=r"127\.0\.0\.1.*403") as raised:
        installation.download(lambda _: None)
    assert "https_proxy" in raised.value.hint


def test_nobody_there(monkeypatch):
    monkeypatch.setenv("ESCAPE_VRE_MAVEN", "http://127.0.0.1:9")
    with pytest.raises(IdpError, match="refused"):
        installation.download(lambda _: None)


def test_what_cannot_be_prepared_does_not_count(maven, java):
    with pytest.raises(IdpError, match="could not be prepared: no memory"):
        installation.install(lambda _: None, java("echo no memory; exit 1"))
    assert not installation.installed()
    installation.install(lambda _: None, java(BUILDS))
    assert installation.installed()
    assert len(maven.asked) == 1


def test_an_interrupted_one_is_done_again(maven, java):
    left = installation.folder() / "lib"
    left.mkdir(parents=True)
    (left / "half").write_text("of a jar")
    installation.install(lambda _: None, java(BUILDS))
    assert not (left / "half").exists()


def test_the_folder_knows_the_file_and_how_it_is_prepared(monkeypatch):
    before = installation.folder()
    monkeypatch.setattr(installation, "SHA512", "1" * 128)
    other = installation.folder()
    monkeypatch.setattr(installation, "_BUILD", ("build",))
    assert len({before, other, installation.folder()}) == 3


def test_the_users_own_keycloak_settings_do_not_matter(monkeypatch):
    monkeypatch.setenv("KC_DB", "oracle")
    monkeypatch.setenv("QUARKUS_PROFILE", "mine")
    monkeypatch.setenv("TZ", "UTC")
    kept = installation.keycloak.environment()
    assert kept["TZ"] == "UTC"
    assert not {"KC_DB", "QUARKUS_PROFILE"} & set(kept)


def test_a_second_installer_waits(maven, java, cache, said):
    lock = cache / f"{installation.folder().name}.lock"
    hold = "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX);"
    hold += "print('held', flush=True); sys.stdin.read()"
    holder = subprocess.Popen(
        [sys.executable, "-c", hold, lock],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout.readline() == "held\n"

    def say(sentence):
        said.append(sentence)
        if "Waiting" in sentence:
            holder.stdin.close()

    installation.install(say, java(BUILDS))
    holder.stdout.close()
    assert holder.wait() == 0
    assert "Waiting for another process that installs Keycloak" in said[0]
    assert installation.installed()
