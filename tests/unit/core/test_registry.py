"""A package that brings a service badly is named, and keeps no other from working."""

import pytest

from escape_vre.core.errors import ConfigurationError
from escape_vre.core.registry import installed, plugins
from escape_vre.testing.wheels import install

PLUGIN = """
    from escape_vre.core.plugin import Plugin

    plugin = Plugin({name!r}, "Toy", (), (), "", "nowhere:create", "nowhere:make_router")
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder on the path, in which a test installs packages."""
    monkeypatch.syspath_prepend(tmp_path)
    installed.cache_clear()
    yield tmp_path
    installed.cache_clear()


def test_a_service_of_another_package_is_found(folder):
    install(folder, "toys", {"toy": "toys:plugin"}, {"toys.py": PLUGIN.format(name="toy")})
    assert list(plugins()) == ["datalake", "toy"]
    assert installed().packages["toy"] == "toys"
    assert not installed().broken


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import no_such_module_here", "ModuleNotFoundError: No module named"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("plugin = 42", "wrongtoys:plugin is not a Plugin of that name"),
        (PLUGIN.format(name="other"), "wrongtoys:plugin is not a Plugin of that name"),
        ("", "AttributeError: module 'wrongtoys' has no attribute 'plugin'"),
    ],
)
def test_an_entry_point_that_makes_no_sense_is_its_own_error(folder, monkeypatch, text, reason):
    install(folder, "toys", {"toy": "wrongtoys:plugin"}, {"wrongtoys.py": text})
    monkeypatch.delitem(__import__("sys").modules, "wrongtoys", raising=False)
    assert list(plugins()) == ["datalake"]
    error = installed().broken["toy"]
    assert reason in error.message
    assert error.message.startswith("The service toy cannot be used: ")
    assert "the package toys, then run" in error.hint


def test_two_packages_with_one_service_are_both_named(folder):
    for package in ("blocks", "cars"):
        file = {f"{package}.py": PLUGIN.format(name="toy")}
        install(folder, package, {"toy": f"{package}:plugin"}, file)
    assert list(plugins()) == ["datalake"]
    error = installed().broken["toy"]
    assert "two installed packages provide a service of this name" in error.message
    assert "blocks or cars" in error.hint


@pytest.mark.parametrize("name", ["jobs", "Toy", "sign-ins", "toy.box"])
def test_a_name_that_is_no_route_is_refused(folder, name):
    install(folder, "toys", {name: "toys:plugin"}, {"toys.py": PLUGIN.format(name=name)})
    assert list(plugins()) == ["datalake"]
    assert "one word of small letters" in installed().broken[name].message


def test_a_part_that_cannot_be_imported_names_its_package(folder):
    install(folder, "toys", {"toy": "toys:plugin"}, {"toys.py": PLUGIN.format(name="toy")})
    found = installed()
    with pytest.raises(ConfigurationError) as caught:
        found.part(found.plugins["toy"], found.plugins["toy"].service)
    assert "The service toy cannot be used: ModuleNotFoundError" in caught.value.message
    assert "the package toys" in caught.value.hint
