"""Installed services that cannot be used: the agent, the command and the other services go on."""

import subprocess
import sys

import pytest

from escape_vre.client import AgentClient
from escape_vre.core.errors import ConfigurationError, EscapeError
from escape_vre.testing.wheels import install

PLUGIN = """
    from escape_vre.core.plugin import Plugin

    plugin = Plugin(
        "{name}", "Toy", (), ("names_variables",), "", "{name}_agent:create",
        "{name}_agent:make_router", command="{name}", commands="no_commands:add", summary="toys",
    )
"""
AGENT = """
    from fastapi import APIRouter

    class Toy:
        def __init__(self, name):
            self.name = name

        async def close(self):
            pass

    def create(config, keyring):
        return Toy(1 / 0 if __name__ == "fails_agent" else "toy")

    def make_router(get_service, desk):
        router = APIRouter()

        @router.get("/rows")
        async def rows() -> str:
            return get_service().name

        return router
"""


@pytest.fixture
def toys(tmp_path, monkeypatch):
    """Services of other packages, none of which can be used, beside the data lake."""
    one = {"lost": "lost:plugin"}
    install(tmp_path, "lost", one, {"lost.py": "import no_such_module_here"})
    install(tmp_path, "wrong", {"wrong": "wrong:plugin"}, {"wrong.py": "plugin = 42"})
    for package in ("blocks", "cars"):
        file = {f"{package}.py": PLUGIN.format(name="twice")}
        install(tmp_path, package, {"twice": f"{package}:plugin"}, file)
    install(tmp_path, "half", {"half": "half:plugin"}, {"half.py": PLUGIN.format(name="half")})
    files = {"fails.py": PLUGIN.format(name="fails"), "fails_agent.py": AGENT}
    install(tmp_path, "fails", {"fails": "fails:plugin"}, files)
    files = {"mute.py": PLUGIN.format(name="mute"), "mute_agent.py": AGENT.split("def make_r")[0]}
    install(tmp_path, "mute", {"mute": "mute:plugin"}, files)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return {
        "lost": "ModuleNotFoundError: No module named 'no_such_module_here'",
        "wrong": "wrong:plugin is not a Plugin of that name",
        "twice": "two installed packages provide a service of this name",
        "half": "ModuleNotFoundError: No module named 'half_agent'",
        "mute": "AttributeError: module 'mute_agent' has no attribute 'make_router'",
        "fails": "ZeroDivisionError: division by zero",
    }


def test_services_that_cannot_be_used_disturb_nothing_else(toys, configure):
    configure(DataLake={"instances": [{"name": "x", "url": "http://127.0.0.1:1"}]})
    agent = AgentClient()
    assert agent.get("/agent")["jobs_running"] == 0
    found = {service["name"]: service["error"] for service in agent.get("/services")}
    assert found.keys() == {"datalake", *toys}
    assert found["datalake"] is None
    for name, reason in toys.items():
        message = f"The service {name} cannot be used: {reason}."
        assert found[name]["message"] == message
        with pytest.raises(ConfigurationError) as caught:
            agent.get(f"/{name}/rows")
        assert caught.value.message == message
        assert "uninstall the package" in caught.value.hint
    assert [one["name"] for one in agent.get("/datalake/instances")["instances"]] == ["x"]
    assert agent.get("/jobs") == {"jobs": []}
    for words in ([], ["--help"], ["agent", "status"], ["dl", "jobs"], ["agent", "stop"]):
        run = [sys.executable, "-m", "escape_vre", *words]
        done = subprocess.run(run, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, (words, done.stderr)
    run = [sys.executable, "-m", "escape_vre", "fails", "ls"]
    done = subprocess.run(run, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "The commands of fails cannot be loaded: ModuleNotFoundError" in done.stderr


def test_a_service_with_wrong_settings_says_so_until_they_are_corrected(configure):
    folder = configure(DataLake={"instances": [{"name": "x", "url": "nonsense"}]})
    agent = AgentClient()
    first = agent.get("/agent")["pid"]
    for _ in range(2):
        with pytest.raises(EscapeError) as caught:
            agent.get("/datalake/instances")
        assert "DataLake.instances[0].url" in caught.value.message
        assert "escape_vre_config" in caught.value.hint
    right = '{"DataLake": {"instances": [{"name": "x", "url": "https://lake.example.org"}]}}'
    (folder / "escape_vre_config.json").write_text(right)
    assert [one["name"] for one in agent.get("/datalake/instances")["instances"]] == ["x"]
    assert agent.get("/agent")["pid"] == first


def test_a_misspelt_setting_of_a_service_is_named(configure):
    configure(DataLake={"instance": []})
    with pytest.raises(ConfigurationError) as caught:
        AgentClient().get("/datalake/instances")
    assert "DataLake.instance is not a setting" in caught.value.message
    assert caught.value.hint == "Did you mean instances?"
