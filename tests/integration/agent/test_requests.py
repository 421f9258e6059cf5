"""What reaches a route: variables that are listed, text that is text, tokens for with-token."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from escape_vre.agent.openapi import document
from escape_vre.client import AgentClient
from escape_vre.client.wire import SocketConnection
from escape_vre.core.caller import CONTENTS_HEADER, KEY_HEADER, TOKEN_HEADER
from escape_vre.core.environment import ALLOWED
from escape_vre.core.errors import AgentUnavailableError, ConfigurationError, UsageError
from escape_vre.core.location import locate
from escape_vre.testing.waiting import wait_until
from tests.integration.conftest import agent_pid

SECRETS = ("JUPYTER_TOKEN", "REANA_ACCESS_TOKEN", "ZENODO_ACCESS_TOKEN", "ESCAPE_VRE_HUB_KEYS")
NO_TEXT = ("a\0b", "a\ud800b", "\udc80")


@pytest.fixture
def variables(configure, tmp_path):
    """What the agent finds in its environment, as its own configuration sees it."""
    folder = configure()
    seen = tmp_path / "seen.json"
    (folder / "escape_vre_config.py").write_text(
        f"import json, os\nwith open({str(seen)!r}, 'w') as out: json.dump(dict(os.environ), out)\n"
    )
    return lambda: json.loads(seen.read_text())


@pytest.fixture
def running(configure, tmp_path):
    """An agent whose lake does not answer: what is tried here never gets there."""
    (tmp_path / "token").write_text("any")
    lake = {"name": "x", "url": "http://127.0.0.1:1", "auth": "token_file"}
    configure(DataLake={"instances": [{**lake, "token_file": str(tmp_path / "token")}]})
    return AgentClient().get("/agent")


def send(method, path, *, query=b"", body=None, headers=None):
    """Send a request as it is; returns its status and decoded answer."""
    connection = SocketConnection(locate().socket, timeout_s=60)
    connection.connect()
    sent = [f"{method} {path}".encode() + (b"?" + query if query else b"") + b" HTTP/1.1"]
    fields = {"Host": "agent", "Content-Type": "application/json", **(headers or {})}
    if body is not None:
        fields["Content-Length"] = str(len(body))
    sent += [f"{name}: {value}".encode() for name, value in fields.items()]
    connection.sock.sendall(b"\r\n".join(sent) + b"\r\n\r\n" + (body or b""))
    answer = http.client.HTTPResponse(connection.sock, method=method)
    answer.begin()
    found = json.loads(answer.read())
    connection.close()
    return answer.status, found


@pytest.mark.parametrize("by", ["client", "command", "older client"])
def test_it_gets_the_listed_variables_only(variables, monkeypatch, request, by):
    for name in SECRETS:
        monkeypatch.setenv(name, "s3cret")
    monkeypatch.setenv("LC_TIME", "C")
    if by == "client":
        AgentClient().get("/agent")
    else:
        run = "from escape_vre.cli import main; main(['agent', 'run'])"
        words = ["-c", run] if by == "command" else ["-P", "-m", "escape_vre.agent"]
        request.addfinalizer(subprocess.Popen([sys.executable, *words]).wait)
        request.addfinalizer(lambda: os.kill(agent_pid(), signal.SIGTERM))
        wait_until(agent_pid, what="the agent")
    found = variables()
    assert {name for name in found if not name.startswith("LC_")} <= ALLOWED
    assert found["LC_TIME"] == "C"
    assert found["ESCAPE_VRE_HOME"] == os.environ["ESCAPE_VRE_HOME"]
    if by != "older client" and sys.platform == "linux":
        assert b"s3cret" not in Path(f"/proc/{agent_pid()}/environ").read_bytes()


def test_a_data_folder_may_name_variables_that_the_site_lists(configure, monkeypatch, tmp_path):
    configure(Agent={"data_dir": "$MY_SCRATCH/data"})
    monkeypatch.setenv("MY_SCRATCH", str(tmp_path))
    with pytest.raises(ConfigurationError, match="MY_SCRATCH") as caught:
        AgentClient().get("/agent")
    assert "ESCAPE_VRE_VARIABLES" in caught.value.hint
    os.kill(agent_pid(), signal.SIGTERM)
    wait_until(lambda: agent_pid() is None, what="the end of the agent")
    monkeypatch.setenv("ESCAPE_VRE_VARIABLES", "MY_SCRATCH")
    assert AgentClient().get("/agent")["data_dir"] == str(tmp_path / "data")


def test_tokens_are_for_with_token_only(agent):
    agent.get("/agent")
    wanted = json.dumps({"audience": "rucio"}).encode()
    status, answer = send("POST", "/tokens", body=wanted)
    assert (status, answer["error"]["code"]) == (401, "auth")
    assert "with-token" in answer["error"]["message"]
    for path in ("/tokens", "/%74okens"):
        browser = {TOKEN_HEADER: "1", CONTENTS_HEADER: "/"}
        status, answer = send("POST", path, body=wanted, headers=browser)
        assert (status, answer["error"]["code"]) == (404, "not_found")
    status, answer = send("POST", "/tokens", body=wanted, headers={TOKEN_HEADER: "1"})
    assert "with-token" not in answer["error"]["message"]  # it is asked for, and there is none


def example(schema, schemas):
    """Make a value that fits a schema."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        schema = next(one for one in schema["anyOf"] if one.get("type") != "null")
        return example(schema, schemas)
    if schema.get("type") == "object":
        return {k: example(v, schemas) for k, v in schema.get("properties", {}).items()}
    if schema.get("type") == "array":
        return [example(schema["items"], schemas)]
    return {"string": "rucio:t:f", "boolean": False}.get(schema.get("type"), 1)


def spoilt(value, bad):
    """Yield copies of a value with one of its strings, or names of fields, replaced."""
    if isinstance(value, str):
        yield bad
    elif isinstance(value, list):
        for n, one in enumerate(value):
            for other in spoilt(one, bad):
                yield [*value[:n], other, *value[n + 1 :]]
    elif isinstance(value, dict):
        yield {**value, bad: 1}
        for name, one in value.items():
            for other in spoilt(one, bad):
                yield {**value, name: other}


def described():
    """Yield every route of the API with fitting values: method, path, query, body."""
    api = json.loads(document())
    schemas = api["components"]["schemas"]
    for path, methods in api["paths"].items():
        for method, about in methods.items():
            query = {
                given["name"]: example(given["schema"], schemas)
                for given in about.get("parameters", ())
                if given["in"] == "query"
            }
            if "instance" in query:
                query["instance"] = "x"
            content = about.get("requestBody", {}).get("content", {})
            body = None
            if content:
                body = example(content["application/json"]["schema"], schemas)
            yield method.upper(), path, query, body


def requests():
    """Yield every route with one bad value in it: method, path, query as it is sent, body."""
    for method, path, query, body in described():
        fit = re.sub(r"{\w+}", "1", path)
        for raw in ("%00", "a%ED%A0%80", "%FF"):
            if fit != path:
                yield method, re.sub(r"{\w+}", raw, path), urlencode(query), body
            for name, value in query.items():
                if isinstance(value, str):
                    others = urlencode({**query, name: "@"})
                    yield method, fit, others.replace("%40", raw), body
        for bad in NO_TEXT:
            for worse in spoilt(body, bad):
                yield method, fit, urlencode(query), worse


def test_what_is_no_text_is_the_callers_error_on_every_route(running):
    asked = 0
    for method, path, query, body in requests():
        sent = None if body is None else json.dumps(body).encode()
        status, answer = send(method, path, query=query.encode(), body=sent)
        assert (status, answer["error"]["code"]) == (400, "usage"), (method, path, query, body)
        assert answer["error"]["hint"]
        asked += 1
    assert asked > 80


def test_a_body_in_another_disguise_is_the_callers_error_too(running):
    for body in (
        b'{"refs": ["rucio:t:\xed\xa0\x80"]}',
        json.dumps({"refs": ["rucio:t:\0"]}).encode("utf-16"),
        b'{"refs": ["rucio:t:\xff"]}',
        b"[" * 100_000,
        b"\0",
    ):
        status, answer = send("POST", "/datalake/states", body=body)
        assert (status, answer["error"]["code"]) == (400, "usage"), body[:40]
        assert "has no POST" not in answer["error"]["message"]


def test_text_of_all_the_world_passes(running):
    name = "Größe 数据 \N{GRINNING FACE} \N{REPLACEMENT CHARACTER}"
    status, answer = send("GET", "/datalake/did", query=f"ref={quote('rucio:t:' + name)}".encode())
    assert (status, answer["error"]["code"]) == (503, "remote_unavailable")
    for escaped in (True, False):
        body = json.dumps({"identity": name}, ensure_ascii=escaped)
        for encoding in ("utf-8", "utf-16"):
            _, answer = send("POST", "/sign-outs", body=body.encode(encoding))
            assert "no name can have" not in answer["error"]["message"]


def test_a_client_says_what_it_cannot_send(agent):
    with pytest.raises(UsageError, match="not valid text"):
        agent.get("/datalake/did", ref="rucio:t:\udcff")


@pytest.fixture
def lost(monkeypatch):
    """Lose the first answer to each path, once the agent has sent it; ``kill`` it then, too."""
    getresponse = SocketConnection.getresponse
    putrequest = SocketConnection.putrequest
    seen = []

    def note(connection, method, path, **options):
        connection.path = path
        putrequest(connection, method, path, **options)

    def lose(connection):
        answer = getresponse(connection)
        seen.append(connection.path)
        if connection.path != "/agent" and seen.count(connection.path) == 1:
            answer.read()
            if lose.kill:
                os.kill(agent_pid(), signal.SIGKILL)
            raise ConnectionResetError
        return answer

    lose.kill = False
    lose.seen = seen
    monkeypatch.setattr(SocketConnection, "putrequest", note)
    monkeypatch.setattr(SocketConnection, "getresponse", lose)
    return lose


@pytest.mark.parametrize("kill", [False, True])
def test_a_lost_answer_makes_no_second_job(running, lost, kill):
    lost.kill = kill
    job = AgentClient().post("/datalake/get", {"refs": ["rucio:t:f"]}, repeatable=True)
    assert lost.seen.count("/datalake/get") == 2
    jobs = AgentClient().get("/jobs")["jobs"]
    assert [one["id"] for one in jobs] == [job["id"]]


def test_a_write_without_a_key_is_not_sent_again(running, lost):
    with pytest.raises(AgentUnavailableError, match="before it answered"):
        AgentClient().post("/sign-outs", {"identity": "any"})
    assert lost.seen.count("/sign-outs") == 1


def test_a_key_that_is_none_is_the_callers_error(running):
    body = json.dumps({"refs": ["rucio:t:f"]}).encode()
    for key in ("short", "x" * 65, "a key with spaces"):
        status, answer = send("POST", "/datalake/get", body=body, headers={KEY_HEADER: key})
        assert (status, answer["error"]["code"]) == (400, "usage")
