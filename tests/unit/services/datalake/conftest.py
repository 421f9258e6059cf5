"""The agent's application, in this process, with a data lake that answers what a test says."""

import asyncio
import json

import httpx
import pytest
from traitlets.config import Config

from escape_vre.agent.app import AgentInfo, make_app
from escape_vre.agent.services import Services
from escape_vre.core import retry
from escape_vre.core.caller import ENVIRONMENT_HEADER, pack_environment
from escape_vre.core.keyring import Keyring
from escape_vre.core.loops import Loops
from escape_vre.core.registry import installed
from escape_vre.core.settings import Transfers
from escape_vre.jobs.build import make_desk
from escape_vre.services.datalake import service
from escape_vre.testing.rucio import FakeRucio

INFO = AgentInfo(api=1, apis=[1], version="0", pid=1, started=0.0, data_dir="/data", jobs_running=0)


class Agent:
    """Answers as the agent does, on an event loop of its own; ``with Agent(...) as agent``."""

    def __init__(self, rucio, folder, config=None):
        self._rucio, self._folder = rucio, folder
        self._config = config
        self._loop = asyncio.Runner()

    def __enter__(self):
        password = self._folder / "password"
        password.write_text("p")
        entry = {"name": "lab", "title": "Lab", "url": self._rucio.url, "account": "jdoe"}
        entry |= {"auth": "userpass", "password_file": str(password)}
        self._keyring = Keyring(self._folder)
        config = self._config
        if config is None:
            config = {"DataLake": {"instances": [entry]}}
        services = Services(installed(), Config(config), self._keyring)
        self.lake = services.get("datalake")
        self.desk = desk = make_desk(
            state=self._folder,
            lock=self._folder / "lock",
            settings=Transfers(),
            data_dir=lambda: self._folder / "data",
            service=services.get,
            kinds=services.kinds,
            keep_days=1,
            loops=Loops(),
        )
        self.app = make_app(
            desk=desk,
            services=services,
            keyring=self._keyring,
            info=lambda: INFO,
            stop=lambda: None,
        )
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self._http = httpx.AsyncClient(transport=transport, base_url="http://agent")
        return self

    def __exit__(self, *_):
        async def close():
            await self._http.aclose()
            await self.lake.close()
            await self._keyring.close()

        self.run(close())
        self._loop.close()

    def run(self, coroutine):
        """Return what a coroutine returns."""
        return self._loop.run(coroutine)

    def ask(self, path, body=None, *, headers=None, **query):
        """Return the status and the JSON of an answer, or its lines where it is a list."""
        method = "GET" if body is None else "POST"
        answer = self.run(
            self._http.request(method, path, params=query, json=body, headers=headers)
        )
        if "ndjson" in answer.headers["Content-Type"]:
            return answer.status_code, [json.loads(line) for line in answer.text.split("\n")[:-1]]
        return answer.status_code, answer.json()

    def send(self, path, body):
        """Return the status and the JSON of the answer to a body as it is."""
        headers = {"Content-Type": "application/json"}
        answer = self.run(self._http.post(path, content=body, headers=headers))
        return answer.status_code, answer.json()


class Caller:
    """Somebody who calls an agent, each time a new one; change ``config`` and ``variables``."""

    def __init__(self, rucio, folder):
        self.rucio, self._folder = rucio, folder
        (folder / "password").write_text("p")
        entry = {"name": "lab", "title": "Lab", "url": rucio.url, "account": "jdoe"}
        entry |= {"auth": "userpass", "password_file": str(folder / "password")}
        self.config = {"DataLake": {"instances": [entry]}}
        self.variables = {}

    def ask(self, path, **query):
        """Return the status and the JSON of an answer."""
        headers = {ENVIRONMENT_HEADER: pack_environment(self.variables, self.variables)}
        with Agent(self.rucio, self._folder, self.config) as agent:
            return agent.ask(path, headers=headers, **query)


@pytest.fixture
def caller(rucio, tmp_path):
    return Caller(rucio, tmp_path)


@pytest.fixture(scope="package")
def _running(tmp_path_factory):
    """One of each for all: an application takes a while to be made."""
    with FakeRucio() as rucio, Agent(rucio, tmp_path_factory.mktemp("agent")) as agent:
        yield rucio, agent


@pytest.fixture
def rucio(_running):
    """A Rucio that has been told nothing, and has given no token."""
    rucio, agent = _running
    rucio.forget()
    agent.lake._instances.connect(None, {}).tokens.clear()
    return rucio


@pytest.fixture
def agent(_running, rucio, monkeypatch):
    monkeypatch.setattr(service, "SCOPES_KEPT_S", -1.0)  # every question reaches Rucio
    return _running[1]


@pytest.fixture
def at_once(monkeypatch):
    """Make the pauses before another attempt short."""
    monkeypatch.setattr(retry, "FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(retry, "LONGEST_PAUSE_S", 0.001)
