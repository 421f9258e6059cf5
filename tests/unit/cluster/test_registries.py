"""The images' packages come from where this machine has its own."""

import platform
import shutil

import pytest

from scripts import install
from tests.cluster import registries

needs_apt = pytest.mark.skipif(shutil.which("apt-get") is None, reason="no apt here")

ONE_LINE = """\
# deb http://commented.example/debian bookworm main
deb http://other.example/tools stable main
deb [arch=amd64 trusted=yes] http://one-line.example/debian/ bookworm main contrib
deb http://one-line.example/debian bookworm-updates main
"""
DEB822 = """\
Types: deb
URIs: http://other.example/
Suites: bookworm
Components: main
Trusted: yes

Types: deb
URIs: http://disabled.example/debian
Suites: bookworm bookworm-updates
Components: main
Enabled: no

Types: deb
URIs: http://deb822.example/debian/
Suites: bookworm bookworm-updates
Components: main
Trusted: yes
"""


@pytest.fixture
def apt(monkeypatch, tmp_path):
    """Let apt read other sources; a function that writes them."""
    (tmp_path / "parts").mkdir()
    (tmp_path / "lists").mkdir()
    (tmp_path / "apt.conf").write_text(
        f'Dir::Etc::sourcelist "{tmp_path}/sources.list";\n'
        f'Dir::Etc::sourceparts "{tmp_path}/parts";\n'
        f'Dir::State::lists "{tmp_path}/lists";\n'
    )
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))
    system = {"ID": "debian", "VERSION_CODENAME": "bookworm"}
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: system)

    def write(name, text):
        (tmp_path / name).write_text(text)
        return system

    return write


@needs_apt
@pytest.mark.parametrize(
    ("name", "text", "archive"),
    [
        ("sources.list", ONE_LINE, "http://one-line.example/debian"),
        ("parts/debian.list", ONE_LINE, "http://one-line.example/debian"),
        ("parts/debian.sources", DEB822, "http://deb822.example/debian"),
    ],
)
def test_debian_is_where_apt_has_it(apt, name, text, archive):
    apt(name, text)
    assert registries.debian() == archive


@needs_apt
def test_a_list_of_mirrors_gives_its_first(apt, tmp_path):
    mirrors = tmp_path / "mirrors"
    mirrors.write_text(
        "# ours\nhttp://near.example/debian/\tpriority:1\nhttp://far.example/debian\n"
    )
    apt("sources.list", f"deb [trusted=yes] mirror+file:{mirrors} bookworm main\n")
    assert registries.debian() == "http://near.example/debian"


@needs_apt
def test_without_a_source_mmdebstrap_chooses(apt):
    apt("sources.list", "")
    assert registries.debian() is None


@needs_apt
def test_another_systems_packages_are_not_debians(apt):
    apt("sources.list", ONE_LINE)["ID"] = "ubuntu"
    assert registries.debian() is None


@pytest.fixture
def pip(monkeypatch, tmp_path):
    """Let pip read one configuration file."""
    for name in ("PIP_CERT", "PIP_DEFAULT_TIMEOUT", "PIP_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    file = tmp_path / "pip" / "pip.conf"
    file.parent.mkdir()
    return file


def test_pip_in_an_image_uses_the_index_of_pip_here(pip, monkeypatch, tmp_path):
    authority = tmp_path / "authority.pem"
    authority.touch()
    pip.write_text(
        "[global]\nindex-url = https://ours.example/simple\nuser = yes\n"
        f"cert = {authority}\n"
        "[install]\nextra-index-url =\n  https://a.example\n  https://b.example\n"
        "[wheel]\nproxy = http://not-this.example\n"
    )
    monkeypatch.setenv("PIP_RETRIES", "9")
    with registries.pip_mounts() as mounts:
        (file, place) = mounts[0]
        assert str(place) == "/etc/pip.conf"
        assert file.stat().st_mode & 0o077 == 0
        pip.write_text(file.read_text())
        assert (authority, authority) in mounts
    monkeypatch.delenv("PIP_RETRIES")
    expected = {
        "index-url": "https://ours.example/simple",
        "cert": str(authority),
        "extra-index-url": "\nhttps://a.example\nhttps://b.example",
        "retries": "9",
    }
    # The machine's own files may say more.
    assert expected.items() <= install.pip_settings().items()
    assert not file.exists()


def test_a_variable_wins_over_a_file(pip, monkeypatch):
    pip.write_text("[global]\nindex-url = https://file.example\n")
    monkeypatch.setenv("PIP_INDEX_URL", "https://variable.example")
    assert install.pip_settings()["index-url"] == "https://variable.example"
