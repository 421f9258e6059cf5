"""Packages come from where the machine is configured to get them: no file of ours says where.

Names of container images are no addresses that our code fetches from. They are what a site puts
into its values or a ``FROM`` line, and each may be replaced, so registries of images are not here.
"""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# With spaces for dots, as this file is tracked as well.
SERVICES = {
    "Debian": ("deb debian org", "ftp debian org", "security debian org", "snapshot debian org"),
    "Ubuntu": ("archive ubuntu com", "security ubuntu com", "ports ubuntu com"),
    "Maven": ("repo maven apache org", "repo1 maven org", "repo maven org", "central sonatype com"),
    "PyPI": ("pypi org", "pypi python org", "files pythonhosted org"),
    "npm": ("registry npmjs org", "registry npmjs com", "registry yarnpkg com"),
    "Go": ("proxy golang org", "sum golang org", "index golang org", "goproxy io", "goproxy cn"),
    "conda": ("conda anaconda org", "repo anaconda com"),
    "Rust": ("crates io",),
}
HOSTS = [host.replace(" ", ".") for hosts in SERVICES.values() for host in hosts]
PATTERN = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, HOSTS))})(?![\w-])")


def tracked():
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name]


def found_in(text):
    return sorted({match[0] for match in PATTERN.finditer(text)})


def test_no_host_of_a_package_registry_is_in_a_tracked_file():
    texts = {path: path.read_text(errors="ignore") for path in tracked() if path.is_file()}
    assert len(texts) > 100
    wrong = {str(path.relative_to(ROOT)): found_in(text) for path, text in texts.items()}
    assert {name: hosts for name, hosts in wrong.items() if hosts} == {}


@pytest.mark.parametrize("host", HOSTS)
def test_it_would_be_found(host):
    assert found_in(f'MIRROR = "https://{host}/x"') == [host]
    assert found_in(f"deb http://{host}/debian trixie main") == [host]
    assert found_in(f"{host}:443") == [host]
    assert found_in(f"https://test.{host}") == [host]


def test_other_names_are_none():
    assert found_in("https://docs.python.org www.debian.org https://maven.apache.org/guides") == []
