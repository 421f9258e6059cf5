"""Which Maven repository is asked: the machine's configuration decides."""

import sys
from pathlib import Path

import pytest

from escape_vre.local.idp import IdpError, maven

SETTINGS = """<?xml version="1.0"?>
<settings{namespace}><mirrors>{mirrors}</mirrors></settings>
"""
MIRROR = "<mirror><id>x</id><mirrorOf>{of}</mirrorOf><url>{url}</url>{more}</mirror>"
NAMESPACE = ' xmlns="http://maven.apache.org/SETTINGS/1.2.0"'


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    """A home and a Maven of our own, whose settings a function writes; nothing of the machine's."""
    monkeypatch.delenv("ESCAPE_VRE_MAVEN", raising=False)
    monkeypatch.delenv("M2_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MAVEN_HOME", str(tmp_path / "maven"))
    real = maven._settings_files
    monkeypatch.setattr(
        maven, "_settings_files", lambda: (f for f in real() if tmp_path in f.parents)
    )

    def write(*mirrors, at=".m2/settings.xml", namespace=NAMESPACE):
        file = tmp_path / at
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(SETTINGS.format(namespace=namespace, mirrors="".join(mirrors)))

    return write


def mirror(of, url="https://mirror.example/maven/", more=""):
    return MIRROR.format(of=of, url=url, more=more)


def central():
    from jgo.maven import MavenContext

    return MavenContext().remote_repos["central"]


def test_the_default_is_what_jgo_knows():
    assert maven.repository() == central()
    assert central().startswith("https://")


@pytest.mark.parametrize("of", ["central", "*", "external:*", "other, central", "*,!other"])
@pytest.mark.parametrize("namespace", ["", NAMESPACE])
def test_a_mirror_of_mavens_settings_is_taken(home, of, namespace):
    home(mirror(of), namespace=namespace)
    assert maven.repository() == "https://mirror.example/maven"


@pytest.mark.parametrize("of", ["other", "*,!central", "external:http:*", ""])
def test_a_mirror_of_other_repositories_is_not(home, of):
    home(mirror(of))
    assert maven.repository() == central()


def test_a_blocked_mirror_is_passed_over(home):
    home(mirror("*", more="<blocked>true</blocked>"), mirror("*", "https://second.example"))
    assert maven.repository() == "https://second.example"


def test_the_users_settings_come_before_the_machines(home):
    home(mirror("*", "https://machine.example"), at="maven/conf/settings.xml")
    assert maven.repository() == "https://machine.example"
    home(mirror("*", "https://user.example"))
    assert maven.repository() == "https://user.example"


def test_a_url_may_come_from_a_variable(home, monkeypatch):
    monkeypatch.setenv("NEXUS", "nexus.example:8081")
    home(mirror("*", "https://${env.NEXUS}/maven"))
    assert maven.repository() == "https://nexus.example:8081/maven"


def test_our_variable_wins(home, monkeypatch):
    home(mirror("*"))
    monkeypatch.setenv("ESCAPE_VRE_MAVEN", "https://ours.example/")
    assert maven.repository() == "https://ours.example"


def test_broken_settings_are_mavens_to_complain_about(home):
    (Path.home() / ".m2").mkdir()
    (Path.home() / ".m2/settings.xml").write_text("<settings>")
    assert maven.repository() == central()


def test_without_jgo_one_sentence_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "jgo.maven", None)
    with pytest.raises(IdpError, match="jgo") as raised:
        maven.repository()
    assert "escape-vre[idp]" in raised.value.hint
    assert "ESCAPE_VRE_MAVEN" in raised.value.hint
    monkeypatch.setenv("ESCAPE_VRE_MAVEN", "https://ours.example")
    assert maven.repository() == "https://ours.example"
