"""The rooms that services share name no service: what is one service's comes by its plug-in."""

import re
from pathlib import Path

import escape_vre

PACKAGE = Path(escape_vre.__file__).parent
OF_ONE_SERVICE = ("services/datalake/", "local/", "testing/rucio.py", "labextension/")
NAMES = re.compile(r"rucio|data.?lake|%dl\b|escape-vre dl\b", re.IGNORECASE)
EXCEPTIONS = {
    "__init__.py": "the functions of escape_vre are the data lake's, which was first",
    "cli.py": "names the back ends that run on this machine, of which a lake is one",
    "hub/": "a hub's values name data lakes, and the variables for them, as its administrators do",
    "testing/provider.py": "its tokens are for the audiences of the tests",
    "testing/hub.py": "its tokens are for the audiences of the tests",
}


def test_shared_rooms_name_no_service():
    found = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        name = file.relative_to(PACKAGE).as_posix()
        if name.startswith((*OF_ONE_SERVICE, *EXCEPTIONS)):
            continue
        lines = file.read_text().splitlines()
        if said := [
            f"{n}: {line.strip()}" for n, line in enumerate(lines, 1) if NAMES.search(line)
        ]:
            found[name] = said
    assert found == {}


def test_every_exception_is_needed():
    for name in EXCEPTIONS:
        place = PACKAGE / name
        files = place.rglob("*.py") if place.is_dir() else [place]
        assert any(NAMES.search(file.read_text()) for file in files), name


def test_import_contracts_name_no_service():
    project = (PACKAGE.parent / "pyproject.toml").read_text()
    contracts = project.partition("[tool.importlinter]")[2]
    assert contracts
    assert not NAMES.search(contracts)
