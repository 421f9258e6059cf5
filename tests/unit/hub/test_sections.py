"""Services add their settings to a hub's by their plug-ins; a key that nothing reads is refused."""

import pytest

from escape_vre.core.errors import ConfigurationError
from escape_vre.core.registry import installed
from escape_vre.hub.pods import users_config
from escape_vre.hub.schema import table, values_schema
from escape_vre.hub.sections import sections
from escape_vre.hub.settings import load, settings_model
from escape_vre.testing.wheels import install

PLUGIN = """
    from escape_vre.core.plugin import Plugin

    plugin = Plugin(
        "toy", "Toy", (), (), "", "nowhere:create", "nowhere:make_router", hub="toyhub:{name}"
    )
"""
SECTION = """
    from pydantic import Field

    from escape_vre.core.hub_section import HubSection


    class Toys(HubSection):
        boxes: tuple[str, ...] = Field(default=(), description="Boxes with toys.")

        def audiences(self):
            return {f"boxes[{n}]": box for n, box in enumerate(self.boxes) if box == "locked"}

        def config(self, ca_file):
            return {"Toys": {"boxes": list(self.boxes), "ca_file": ca_file}} if self.boxes else {}


    class Lakes(HubSection):
        lakes: tuple[str, ...] = ()


    class Login(HubSection):
        login: str = ""


    other = 42
"""
LAPTOP = {"login": {"provider": "shared-password"}}


def forget():
    installed.cache_clear()
    sections.cache_clear()
    settings_model.cache_clear()


@pytest.fixture
def toys(tmp_path, monkeypatch):
    """Install a service of another package, with a section for hubs."""
    monkeypatch.syspath_prepend(tmp_path)

    def add(name="Toys"):
        files = {"toyplugin.py": PLUGIN.format(name=name), "toyhub.py": SECTION}
        install(tmp_path, "toys", {"toy": "toyplugin:plugin"}, files)
        for module in files:
            monkeypatch.delitem(__import__("sys").modules, module[:-3], raising=False)
        forget()

    yield add
    forget()


def test_another_package_adds_settings(toys):
    toys()
    found = load({**LAPTOP, "boxes": ["red"], "lakes": [{"name": "a", "url": "https://x"}]})
    assert found.services["toy"].boxes == ("red",)
    assert users_config(found) == {
        "Toys": {"boxes": ["red"], "ca_file": None},
        "DataLake": {"instances": [{"name": "a", "url": "https://x"}]},
    }
    schema = values_schema()
    assert "| `global.escape.boxes` | list | `[]` | Boxes with toys. |" in table(schema)
    names = list(schema["properties"]["global"]["properties"]["escape"]["properties"])
    assert names[-3:] == ["lakes", "boxes", "user"]
    with pytest.raises(ConfigurationError, match=r"global\.escape\.boxes: .*valid array"):
        load({**LAPTOP, "boxes": "red"})
    with pytest.raises(ConfigurationError, match=r"boxes\[1\] is locked, and tokens\.audiences"):
        load({**LAPTOP, "boxes": ["red", "locked"]})


def test_without_that_package_its_settings_are_refused():
    with pytest.raises(ConfigurationError, match=r"global\.escape\.boxes is not a setting"):
        load({**LAPTOP, "boxes": ["red"]})


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Lakes", "The services datalake and toy both have a setting called lakes"),
        ("Login", "The service toy has a setting called login, as the hub itself"),
        ("other", "toyhub:other of the service toy is not a HubSection"),
        ("missing", "The service toy cannot be used"),
    ],
)
def test_a_section_that_cannot_be_used_is_named(toys, name, words):
    toys(name)
    with pytest.raises(ConfigurationError, match=words):
        load(LAPTOP)


def test_what_rucio_jupyterlab_reads_may_be_given_too():
    config = {"RucioConfig": {"instances": []}, "Transfers": {"connections": 8}}
    assert users_config(load({**LAPTOP, "user": {"config": config}})) == config
