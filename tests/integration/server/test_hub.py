"""The Jupyter server of a hub: it tells the agent the way, and lets no browser do so."""

import base64
import json
import urllib.parse

import pytest

from escape_vre.core.hub import pack_hub
from escape_vre.core.location import locate
from escape_vre.testing.fake_hub import SIGN_IN, FakeHub
from tests.integration.datalake.test_bad_luck import _token


@pytest.fixture
def hub(lake, monkeypatch):
    with FakeHub(audiences={"rucio": lambda: _token(lake)}) as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("JUPYTERHUB_PUBLIC_HUB_URL")
        yield running


@pytest.fixture
def server(hub, lake, configure, start_server):
    entry = {name: lake.instance()[name] for name in ("name", "title", "url", "ca_file")}
    configure(DataLake={"instances": [{**entry, "auth": "hub"}]})
    return start_server()


def test_the_panel_works_by_the_hubs_token(server, hub):
    status, _, body = server.call("GET", "escape-vre/datalake/whoami")
    assert (status, hub.refused) == (200, []), body
    assert json.loads(body)["account"] == "demo"
    assert hub.asked == [("", "rucio")]


def test_the_link_is_where_the_browser_is(server, hub):
    hub.mood = "sign_in"
    status, _, body = server.call("GET", "escape-vre/datalake/whoami")
    error = json.loads(body)["error"]
    origin = urllib.parse.urljoin(server.url, "/").rstrip("/")
    assert (status, error["details"]["sign_in"]) == (401, origin + SIGN_IN)


def test_a_browser_cannot_name_another_hub(server, hub, lake):
    with FakeHub(audiences={"rucio": lambda: "stolen"}) as other:
        header = pack_hub(other.environment())
        assert json.loads(base64.b64decode(header))["url"] == other.url
        status, _, body = server.call(
            "GET", "escape-vre/datalake/whoami", headers={"X-Escape-VRE-Hub": header}
        )
        assert status == 200, body
        assert other.asked == []
    assert hub.asked == [("", "rucio")]


def test_no_browser_gets_a_token(server, hub):
    for path in ("tokens", "%74okens", "tokens?x=1", "jobs/../tokens", "jobs/%2e%2e/tokens"):
        status, _, body = server.call(
            "POST",
            f"escape-vre/{path}",
            {"audience": "rucio"},
            headers={"X-Escape-VRE-Token": "1"},
        )
        assert (status, json.loads(body)["error"]["code"]) == (404, "not_found")
    assert hub.asked == []


def test_the_servers_token_is_in_no_log_and_no_answer(server, hub):
    answers = [
        server.call("GET", f"escape-vre/{path}")[2]
        for path in ("agent", "datalake/instances", "datalake/whoami", "jobs")
    ]
    hub.end_server()
    hub.mood = "sign_in"
    answers.append(server.call("GET", "escape-vre/datalake/scopes")[2])
    said = server.log.read_bytes() + locate().log.read_bytes() + b"".join(answers)
    assert b"hub-token-" not in said
