"""Each thing that can be wrong with a sign-in or a server: one sentence, and what to do."""

import base64
import json
import socket
import threading
import time
from pathlib import Path

import pytest
import trustme

from escape_vre.client import AgentClient
from escape_vre.core.errors import (
    AuthError,
    BadResponseError,
    ConfigurationError,
    EscapeError,
    RemoteError,
    RemoteTimeoutError,
    RemoteUnavailableError,
)
from tests.integration.conftest import agent_pid


@pytest.fixture
def lake_with(lake, configure):
    """Configure the lake's instance with some fields changed; returns a client."""

    def make(**changes):
        instance = {**lake.instance(), **changes}
        configure(DataLake={"instances": [{k: v for k, v in instance.items() if v is not None}]})
        return AgentClient()

    return make


def refused(client, kind, path="/datalake/whoami"):
    with pytest.raises(kind) as caught:
        client.get(path)
    error = caught.value
    assert error.message.endswith(".")
    assert error.hint
    assert "Traceback" not in error.message
    return error


@pytest.fixture
def deaf_port():
    """A port that is taken, and nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def jwt(expires):
    body = base64.urlsafe_b64encode(json.dumps({"exp": expires}).encode()).decode().rstrip("=")
    return f"e30.{body}.c2ln"


def test_a_wrong_password(lake_with, tmp_path):
    (tmp_path / "password").write_text("wrong")
    error = refused(lake_with(password_file=str(tmp_path / "password")), AuthError)
    assert "password" in error.message
    assert "wrong" not in str(error.as_dict())


def test_a_missing_password_file(lake_with, tmp_path):
    error = refused(lake_with(password_file=str(tmp_path / "none")), AuthError)
    assert str(tmp_path / "none") in error.message


def test_an_account_that_is_not_ours(lake_with):
    refused(lake_with(account="root"), AuthError)


def test_an_expired_token_file_then_a_fresh_one(lake_with, tmp_path, lake):
    file = tmp_path / "token"
    file.write_text(jwt(time.time() - 10))
    client = lake_with(auth="token_file", token_file=str(file), username=None, password_file=None)
    error = refused(client, AuthError)
    assert "expired" in error.message
    assert str(file) in error.hint
    file.write_text(_token(lake))
    assert client.get("/datalake/whoami")["account"] == "demo"


def test_a_token_that_rucio_refuses(lake_with, tmp_path):
    file = tmp_path / "token"
    file.write_text("demo-demo-unknown-0123456789abcdef")
    refused(lake_with(auth="token_file", token_file=str(file)), AuthError)


def test_the_callers_environment_signs_in_and_nobody_elses(lake_with, lake, monkeypatch):
    client = lake_with(auth="environment", username=None, password_file=None)
    refused(client, AuthError)
    monkeypatch.setenv("RUCIO_AUTH_TOKEN", _token(lake))
    assert client.get("/datalake/whoami")["account"] == "demo"
    monkeypatch.delenv("RUCIO_AUTH_TOKEN")
    refused(client, AuthError)
    environment = Path(f"/proc/{agent_pid()}/environ").read_bytes()
    assert b"RUCIO_" not in environment


def test_a_rucio_cfg_is_enough(lake, monkeypatch, configure):
    configure()
    monkeypatch.setenv("RUCIO_CONFIG", str(lake.layout.client_config()))
    client = AgentClient()
    (instance,) = client.get("/datalake/instances")["instances"]
    assert instance["name"] == "rucio.cfg"
    assert client.get("/datalake/whoami")["account"] == "demo"


def test_the_peers_configuration_is_read(lake, configure, monkeypatch):
    configure(
        RucioConfig={
            "instances": [
                {
                    "name": "atlas",
                    "display_name": "ATLAS",
                    "rucio_base_url": lake.url,
                    "rucio_ca_cert": str(lake.layout.ca),
                }
            ]
        }
    )
    monkeypatch.setenv("RUCIO_AUTH_TOKEN", _token(lake))
    client = AgentClient()
    assert client.get("/datalake/instances")["instances"][0]["title"] == "ATLAS"
    assert client.get("/datalake/whoami")["account"] == "demo"


def test_no_configuration_at_all(configure):
    configure()
    error = refused(AgentClient(), ConfigurationError)
    assert "escape-vre demo" in error.hint


def test_a_server_that_is_down(lake_with, deaf_port):
    error = refused(lake_with(url=f"https://127.0.0.1:{deaf_port}"), RemoteUnavailableError)
    assert "Demo data lake" in error.message


def test_a_certificate_of_an_unknown_authority(lake_with, tmp_path):
    other = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    error = refused(lake_with(ca_file=str(other)), RemoteError)
    assert "certificate" in error.message
    assert "ca_file" in error.hint


def test_a_ca_file_that_is_not_there(lake_with, tmp_path):
    refused(lake_with(ca_file=str(tmp_path / "none.pem")), ConfigurationError)


def serve(answer, pause_s=0.0):
    """Answer every connection with the same bytes; returns the port."""
    listening = socket.create_server(("127.0.0.1", 0))

    def work():
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                time.sleep(pause_s)
                connection.sendall(answer)

    threading.Thread(target=work, daemon=True).start()
    return listening, listening.getsockname()[1]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n<html></html", BadResponseError),
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", RemoteUnavailableError),
        (b"HTTP/1.1 418 Teapot\r\nContent-Length: 0\r\n\r\n", BadResponseError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n[", BadResponseError),
        (b"garbage\r\n\r\n", BadResponseError),
    ],
)
def test_a_server_that_is_not_a_rucio(lake_with, lake, answer, kind, tmp_path):
    listening, port = serve(answer)
    file = tmp_path / "token"
    file.write_text("x")
    client = lake_with(
        url=f"http://127.0.0.1:{port}", auth="token_file", token_file=str(file), ca_file=None
    )
    with listening:
        refused(client, kind, "/datalake/scopes")


def test_a_server_that_sleeps(lake_with, tmp_path):
    listening, port = serve(b"", pause_s=20)
    file = tmp_path / "token"
    file.write_text("x")
    client = lake_with(
        url=f"http://127.0.0.1:{port}",
        auth="token_file",
        token_file=str(file),
        ca_file=None,
        timeout_s=0.3,
    )
    with listening:
        refused(client, RemoteTimeoutError, "/datalake/scopes")
        assert client.get("/jobs") == {"jobs": []}


def test_a_list_that_breaks_in_the_middle_is_not_complete(lake_with, tmp_path):
    row = b'{"scope": "demo", "name": "a", "did_type": "FILE", "bytes": 1, "length": null}\n'
    chunk = f"{len(row):x}\r\n".encode() + row + b"\r\n"
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    listening, port = serve(head + chunk)
    file = tmp_path / "token"
    file.write_text("x")
    client = lake_with(
        url=f"http://127.0.0.1:{port}", auth="token_file", token_file=str(file), ca_file=None
    )
    seen = []
    with listening, pytest.raises(EscapeError):
        seen.extend(client.stream("/datalake/dids", scope="demo"))
    assert [found["name"] for found in seen] == ["a"]


def test_storage_that_is_away_is_named(lake_with, lake):
    client = lake_with(storage_cert_file=None)
    job = client.post("/datalake/get", {"refs": ["rucio:demo:fermi.photons.fits"]})
    ended = client.wait(job["id"])
    assert ended["state"] == "failed"
    assert ended["error"]["message"].startswith("The storage 127.0.0.1")
    assert ended["error"]["hint"]


@pytest.mark.parametrize(
    ("entry", "where"),
    [
        ({"name": "x", "url": "nonsense"}, "DataLake.instances[0].url"),
        ({"url": "https://x"}, "DataLake.instances[0].name"),
        ({"name": "x", "url": "https://x", "colour": "red"}, "DataLake.instances[0].colour"),
        ({"name": "x", "url": "https://x", "auth": "magic"}, "DataLake.instances[0].auth"),
    ],
)
def test_a_wrong_setting_is_named(configure, entry, where):
    configure(DataLake={"instances": [entry]})
    client = AgentClient()
    with pytest.raises(ConfigurationError) as caught:
        client.get("/datalake/instances")
    assert where in caught.value.message
    assert client.get("/agent")["pid"] == agent_pid(), "the agent itself goes on"


def test_secrets_are_in_no_log_and_no_answer(lake, lake_with, own_agent, tmp_path):
    client = lake_with()
    password = Path(str(lake.instance()["password_file"])).read_text().strip()
    answers = [
        client.get("/datalake/instances"),
        client.get("/datalake/whoami"),
        client.get("/agent"),
        client.post("/datalake/get", {"refs": ["rucio:demo:fermi.lightcurves"]}),
    ]
    client.wait(answers[-1]["id"])
    answers += [client.get("/jobs"), client.get("/datalake/did", ref="rucio:demo:fermi.photons")]
    assert password not in json.dumps(answers)
    for file in own_agent.rglob("*"):
        if file.is_file():
            text = file.read_bytes()
            assert password.encode() not in text
            assert b"demo-demo-" not in text, "a Rucio token"
            assert file.parent.stat().st_mode & 0o077 == 0, file


def _token(lake):
    """Sign in as ``rucio`` does and return the token."""
    import ssl
    import urllib.request

    password = Path(str(lake.instance()["password_file"])).read_text().strip()
    request = urllib.request.Request(
        f"{lake.url}/auth/userpass",
        headers={
            "X-Rucio-Account": "demo",
            "X-Rucio-Username": "demo",
            "X-Rucio-Password": password,
        },
    )
    context = ssl.create_default_context(cafile=str(lake.layout.ca))
    with urllib.request.urlopen(request, context=context) as answer:
        return answer.headers["X-Rucio-Auth-Token"]


def test_an_entry_may_point_at_a_rucio_cfg(lake, configure):
    path = str(lake.layout.client_config())
    entry = {"name": "cfg", "title": "Mine", "url": lake.url, "auth": "rucio_cfg"}
    configure(DataLake={"instances": [{**entry, "rucio_cfg": path}]})
    client = AgentClient()
    who = client.get("/datalake/whoami")
    assert (who["account"], who["instance"]) == ("demo", "cfg")


def test_a_caller_without_a_password_is_not_remembered_for_the_next(lake, lake_with, monkeypatch):
    client = lake_with(password_file=None)
    refused(client, AuthError)
    password = Path(str(lake.instance()["password_file"])).read_text().strip()
    monkeypatch.setenv("RUCIO_PASSWORD", password)
    assert client.get("/datalake/whoami")["account"] == "demo"
