"""``escape-vre login`` and ``logout``: once for all services, or for one of them."""

import subprocess
import sys

import pytest

from escape_vre.testing.wheels import install

PLUGIN = """
    from escape_vre.core.plugin import Plugin

    plugin = Plugin(
        "{name}", "{title}", (), ("accounts",), "", "{name}_agent:create", "{name}_agent:routes"
    )
"""
AGENT = """
    from fastapi import APIRouter

    from escape_vre.core.errors import AuthError

    class Toys:
        name = "{name}"

        def instances(self, environment):
            return [dict(name=n, title=n.title(), identity=None) for n in ("den", "loft")]

        async def whoami(self, instance, environment):
            {act}

        async def close(self):
            pass

    def create(config, keyring):
        return Toys()

    def routes(get_service, desk):
        router = APIRouter()

        @router.get("/instances")
        async def instances() -> dict:
            return dict(instances=get_service().instances({{}}))

        @router.get("/whoami")
        async def whoami(instance: str) -> dict:
            return await get_service().whoami(instance, {{}})

        return router
"""


@pytest.fixture
def toys(tmp_path, monkeypatch, configure):
    """Services beside a data lake that cannot be reached: one with an account, one without."""
    acts = {"bears": 'return dict(account="ted")', "cars": 'raise AuthError("Nobody drives.")'}
    for name, act in acts.items():
        files = {f"{name}.py": PLUGIN.format(name=name, title=name.title())}
        files[f"{name}_agent.py"] = AGENT.format(name=name, act=act)
        install(tmp_path, name, {name: f"{name}:plugin"}, files)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    configure(DataLake={"instances": [{"name": "x", "url": "nonsense"}]})


def run(*words):
    command = [sys.executable, "-m", "escape_vre", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_all_services_are_signed_in_to_in_turn_and_none_keeps_another_from_it(toys):
    done = run("login")
    assert done.returncode == 0, done.stderr
    first, *others = done.stdout.splitlines()
    assert first == "You are already signed in: ted at Den."
    assert any("Den has no sign-in here. Nobody drives." in line for line in others)
    assert any("DataLake.instances[0].url" in line for line in others)


def test_one_service_may_be_chosen(toys):
    done = run("login", "--service", "bears", "--instance", "loft")
    assert done.stdout == "You are already signed in: ted at Loft.\n"
    failed = run("login", "--service", "cars")
    assert failed.returncode == 1
    assert failed.stderr == "escape-vre: Den has no sign-in here. Nobody drives.\n"
    out = run("logout", "--service", "bears")
    assert "nothing to sign out of" in out.stderr
    mistaken = run("logout", "--service", "bear")
    assert mistaken.returncode == 2
    assert "Did you mean bears?" in mistaken.stderr
