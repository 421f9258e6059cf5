"""The agent's application, in this process, with a data lake that answers what a test says."""

import asyncio
import json
from contextlib import asynccontextmanager

import httpx
import pytest
from traitlets.config import Config

from escape_vre.agent.app import AgentInfo, make_app
from escape_vre.core import retry
from escape_vre.core.caller import ENVIRONMENT_HEADER, pack_environment
from escape_vre.core.keyring import Keyring
from escape_vre.core.settings import Transfers
from escape_vre.jobs.desk import JobDesk
from escape_vre.jobs.lease import Owner
from escape_vre.services.datalake.service import create
from escape_vre.testing.rucio import FakeRucio

INFO = AgentInfo(api=1, apis=[1], version="0", pid=1, started=0.0, data_dir="/data", jobs_running=0)


class Agent:
    """Answers as the agent does; each call begins with nothing kept."""

    def __init__(self, rucio, folder):
        self.rucio, self._folder = rucio, folder
        (folder / "password").write_text("p")
        entry = {
            "name": "lab",
            "title": "Lab",
            "url": rucio.url,
            "auth": "userpass",
            "account": "jdoe",
            "password_file": str(folder / "password"),
        }
        self.config = {"DataLake": {"instances": [entry]}}
        self.variables = {}

    @asynccontextmanager
    async def lake(self):
        """Give the service and its application."""
        keyring = Keyring(self._folder)
        service = create(Config(self.config), keyring)
        desk = JobDesk(
            state=self._folder,
            owner=Owner.this(self._folder / "lock"),
            settings=Transfers(),
            fetchable=lambda _: service,
            keep_days=1,
            data_dir=lambda: self._folder / "data",
        )
        app = make_app(
            desk=desk,
            services={"datalake": service},
            plugins={},
            keyring=keyring,
            info=lambda: INFO,
            stop=lambda: None,
        )
        try:
            yield service, app
        finally:
            await service.close()
            await keyring.close()

    def ask(self, path, body=None, **query):
        """Return the status and the JSON of an answer, or its lines where it is a list."""

        async def once():
            async with self.lake() as (_, app):
                transport = httpx.ASGITransport(app, raise_app_exceptions=False)
                async with httpx.AsyncClient(transport=transport, base_url="http://agent") as http:
                    method = "GET" if body is None else "POST"
                    headers = {ENVIRONMENT_HEADER: pack_environment(self.variables, self.variables)}
                    return await http.request(
                        method, path, params=query, json=body, headers=headers
                    )

        answer = asyncio.run(once())
        if "ndjson" in answer.headers["Content-Type"]:
            return answer.status_code, [json.loads(line) for line in answer.text.split("\n")[:-1]]
        return answer.status_code, answer.json()


@pytest.fixture
def rucio():
    with FakeRucio() as running:
        yield running


@pytest.fixture
def agent(rucio, tmp_path):
    return Agent(rucio, tmp_path)


@pytest.fixture
def at_once(monkeypatch):
    """Make the pauses before another attempt short."""
    monkeypatch.setattr(retry, "FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(retry, "LONGEST_PAUSE_S", 0.001)
