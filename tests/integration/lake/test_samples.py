"""The samples are what their script makes."""

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[3] / "escape_vre/local/lake/samples"
MADE_WITH = {
    "numpy": "2.4.6",
    "astropy": "8.0.2",
    "uproot": "5.7.7",
    "awkward": "2.14.0",
    "pyarrow": "26.0.1",
    "h5py": "3.16.0",
}


def here(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


@pytest.mark.skipif(
    any(here(package) != version for package, version in MADE_WITH.items()),
    reason="needs the libraries that the samples were made with",
)
def test_the_script_makes_the_same_bytes(tmp_path):
    subprocess.run([sys.executable, SAMPLES / "make.py", tmp_path], check=True)
    kept = {file.name for file in SAMPLES.iterdir() if file.is_file()}
    assert {file.name for file in tmp_path.iterdir()} == kept - {"make.py", "hierarchy.json"}
    for file in tmp_path.iterdir():
        assert file.read_bytes() == (SAMPLES / file.name).read_bytes(), file.name


def test_samples_are_small_and_labelled():
    files = [file for file in SAMPLES.iterdir() if file.suffix not in (".py", ".json")]
    assert sum(file.stat().st_size for file in files) < 3_000_000
    for file in files:
        if file.is_file() and file.suffix != ".pyc":
            assert b"synthetic" in file.read_bytes().lower(), file.name


def test_the_script_says_what_it_was_made_with():
    text = (SAMPLES / "make.py").read_text()
    for package, version in MADE_WITH.items():
        assert f"{package} {version}" in text.replace("\n", " ")
