"""A password or a token that a person types: by routes, as panel and command do it."""

import json
import time

import pytest

from escape_vre.testing.rucio import Answer
from tests.unit.services.datalake.conftest import Agent

SECRET = "s3cret-of-anna"
ENTRY = {"name": "lab", "title": "Lab", "account": "anna"}


@pytest.fixture
def lab(rucio, tmp_path, monkeypatch):
    """Start an agent whose data lake is signed in to by a form."""
    monkeypatch.setattr("escape_vre.core.secret_store.system_keyring", lambda: None)
    started = []

    def start(**fields):
        entry = {**ENTRY, "url": rucio.url, **fields}
        agent = Agent(rucio, tmp_path, {"DataLake": {"instances": [entry]}})
        started.append(agent)
        return agent.__enter__()

    yield start
    for agent in started:
        agent.__exit__()


def identity_of(agent):
    (instance,) = agent.ask("/datalake/instances")[1]["instances"]
    return instance["identity"]


def form_of(agent):
    status, form = agent.ask("/sign-ins", {"identity": identity_of(agent)})
    assert (status, form["kind"]) == (201, "form")
    return form


def typed(agent, secret=SECRET, username="anna"):
    body = {"identity": identity_of(agent), "username": username, "secret": secret}
    return agent.ask("/sign-ins/form", body)


def test_a_password_is_asked_for_and_used(lab, rucio):
    agent = lab(auth="userpass")
    status, answer = agent.ask("/datalake/whoami")
    assert status == 401
    assert answer["error"]["message"] == "You are not signed in to Lab."
    assert answer["error"]["details"] == {"device": identity_of(agent)}
    assert rucio.asked["/auth/userpass"] == 0
    form = form_of(agent)
    assert (form["title"], form["asks"], form["username"]) == ("Lab", "password", "anna")
    assert typed(agent) == (200, {"kept": form["keeps"]}) == (200, {"kept": "session"})
    assert agent.ask("/datalake/whoami")[0] == 200
    sent = rucio.headers_of("/auth/userpass")
    assert sent["x-rucio-password"] == SECRET
    assert (sent["x-rucio-username"], sent["x-rucio-account"]) == ("anna", "anna")


def test_the_user_name_is_the_account_where_none_is_configured(lab, rucio):
    agent = lab(auth="userpass", account=None)
    assert form_of(agent)["username"] == ""
    assert typed(agent, username="")[1]["error"]["code"] == "usage"
    assert typed(agent, username=" ben ")[0] == 200
    sent = rucio.headers_of("/auth/userpass")
    assert (sent["x-rucio-username"], sent["x-rucio-account"]) == ("ben", "ben")


def test_a_wrong_password_is_not_kept(lab, rucio):
    agent = lab(auth="userpass")
    good = rucio.answers["/auth/userpass"]
    rucio.says("/auth/userpass", Answer(status=401))
    status, answer = typed(agent)
    assert status == 401
    assert "does not accept the user name, password or account" in answer["error"]["message"]
    assert agent.ask("/datalake/scopes")[1]["error"]["message"] == "You are not signed in to Lab."
    assert rucio.asked["/auth/userpass"] == 1
    rucio.says("/auth/userpass", *good)
    assert typed(agent)[0] == 200


def test_a_password_that_was_changed_is_asked_for_again(lab, rucio):
    agent = lab(auth="userpass")
    ends = time.strftime("%a, %d %b %Y %H:%M:%S UTC", time.gmtime(time.time() - 1))
    gone = Answer(headers={"X-Rucio-Auth-Token": "t", "X-Rucio-Auth-Token-Expires": ends})
    rucio.says("/auth/userpass", gone, Answer(status=401))
    assert typed(agent)[0] == 200
    status, answer = agent.ask("/datalake/scopes")
    assert (status, answer["error"]["details"]) == (401, {"device": identity_of(agent)})
    assert "does not accept" in answer["error"]["message"]
    agent.ask("/datalake/scopes")
    assert rucio.asked["/auth/userpass"] == 2, "a wrong password is sent once, or accounts lock"


def test_signing_out_forgets_it(lab):
    agent = lab(auth="userpass")
    typed(agent)
    assert agent.ask("/datalake/scopes")[0] == 200
    assert agent.ask("/sign-outs", {"identity": identity_of(agent)}) == (200, {})
    assert agent.ask("/datalake/scopes")[0] == 401


@pytest.mark.parametrize("source", ["file", "variable"])
def test_a_password_that_is_there_is_not_asked_for(caller, rucio, source):
    entry = caller.config["DataLake"]["instances"][0]
    if source == "variable":
        del entry["password_file"]
        caller.variables["RUCIO_PASSWORD"] = "p"
    assert caller.ask("/datalake/scopes")[0] == 200
    rucio.says("/auth/userpass", Answer(status=401))
    status, answer = caller.ask("/datalake/scopes")
    assert (status, answer["error"]["details"]) == (401, {})


def test_a_token_is_asked_for_tried_and_used(lab, rucio):
    agent = lab(auth="token")
    assert agent.ask("/datalake/scopes")[1]["error"]["details"] == {"device": identity_of(agent)}
    assert form_of(agent)["asks"] == "token"
    good = rucio.answers["/accounts/whoami"]
    rucio.says("/accounts/whoami", Answer(status=401))
    status, answer = typed(agent, username="")
    assert (status, answer["error"]["message"]) == (401, "Lab does not accept this token.")
    rucio.says("/accounts/whoami", *good)
    assert typed(agent, f" {SECRET}\n", username="") == (200, {"kept": "session"})
    assert agent.ask("/datalake/scopes")[0] == 200
    assert rucio.headers_of("/scopes/")["x-rucio-auth-token"] == SECRET


def test_a_token_that_is_refused_later_is_asked_for_again(lab, rucio):
    agent = lab(auth="token")
    typed(agent, username="")
    rucio.says("/scopes/", Answer(status=401))
    status, answer = agent.ask("/datalake/scopes")
    assert (status, answer["error"]["details"]) == (401, {"device": identity_of(agent)})


def test_what_is_no_token_is_said(lab, rucio):
    agent = lab(auth="token")
    status, answer = typed(agent, "a\u00e9b", username="")
    assert status == 401
    assert "characters" in answer["error"]["message"]
    assert not rucio.heads


@pytest.mark.parametrize("secret", ["p\nq", "пароль", "p\x7f"])
def test_a_password_that_cannot_be_sent_is_said(lab, rucio, secret):
    agent = lab(auth="userpass")
    status, answer = typed(agent, secret)
    assert status == 401
    assert "HTTP does not allow" in answer["error"]["message"]
    assert not rucio.heads


def test_a_password_with_accents_is_sent_as_other_clients_send_it(lab, rucio):
    agent = lab(auth="userpass")
    assert typed(agent, "pässwörd")[0] == 200
    assert rucio.headers_of("/auth/userpass")["x-rucio-password"] == "pässwörd"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"identity": "0123", "secret": SECRET}, 404),
        ({"secret": SECRET}, 422),
        ({"identity": "x", "secret": ""}, 422),
        ({"identity": "x", "secret": SECRET * 2000}, 422),
        ({"identity": "x", "secret": [SECRET]}, 422),
        ({"identity": "x", "secret": f"{SECRET}\0"}, 422),
    ],
)
def test_a_body_that_makes_no_sense_shows_no_secret(lab, body, status):
    found, answer = lab(auth="userpass").ask("/sign-ins/form", body)
    assert found in (status, 400)
    assert SECRET not in json.dumps(answer)


def test_no_answer_log_or_file_holds_the_secret(lab, rucio, caplog, tmp_path):
    caplog.set_level("DEBUG")
    agent = lab(auth="userpass")
    rucio.says("/auth/userpass", Answer(status=401), Answer(status=500), Answer(status=200))
    answers = [typed(agent) for _ in range(3)]
    rucio.says("/auth/userpass", Answer(headers={"X-Rucio-Auth-Token": "t"}))
    answers += [typed(agent), agent.ask("/datalake/instances"), agent.ask("/datalake/whoami")]
    answers += [agent.ask("/sign-ins", {"identity": identity_of(agent)})]
    assert [status for status, _ in answers] == [401, 503, 502, 200, 200, 200, 201]
    assert SECRET not in json.dumps(answers)
    assert SECRET not in caplog.text
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(SECRET.encode() in path.read_bytes() for path in kept)


def test_a_code_is_not_a_form(caller, rucio):
    entry = caller.config["DataLake"]["instances"][0]
    entry |= {"auth": "oidc", "issuer": "http://localhost:1/idp", "client_id": "c"}
    del entry["password_file"]
    with Agent(caller.rucio, caller._folder, caller.config) as agent:
        status, answer = agent.ask(
            "/sign-ins/form", {"identity": identity_of(agent), "secret": SECRET}
        )
    assert (status, answer["error"]["code"]) == (400, "usage")
    assert "code" in answer["error"]["message"]


def test_a_rucio_cfg_without_a_password_asks_for_one(caller, rucio, tmp_path):
    caller.config = {}
    home = tmp_path / "etc"
    home.mkdir()
    (home / "rucio.cfg").write_text(
        f"[client]\nrucio_host = {rucio.url}\nauth_host = {rucio.url}\nauth_type = userpass\n"
        "account = anna\n"
    )
    caller.variables["RUCIO_HOME"] = str(tmp_path)
    status, answer = caller.ask("/datalake/whoami")
    assert (status, list(answer["error"]["details"])) == (401, ["device"])
    (home / "rucio.cfg").write_text((home / "rucio.cfg").read_text() + "password = p\n")
    assert caller.ask("/datalake/whoami")[0] == 200
    (instance,) = caller.ask("/datalake/instances")[1]["instances"]
    assert instance["name"] == "rucio.cfg"
