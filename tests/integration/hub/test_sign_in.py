"""Who may sign in, as whom, and what everybody else is told; hubs that do not start."""

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from escape_vre.testing.waiting import wait_until
from tests.integration.hub.conftest import KEYS, at_once, error, issued


def refused(page, status):
    """Return what a page of the hub says to whom it does not let in."""
    text = re.sub(r"<[^>]*>", " ", page.text.partition('<div class="error">')[2])
    assert page.status == status, text
    return " ".join(text.replace("&#39;", "'").split())


@pytest.fixture(scope="module")
def hub(start_hub, module_fake):
    return start_hub(module_fake, login={"admin_groups": ["/vre-admins"], "admin_access": True})


def test_a_name_that_kubernetes_cannot_take_becomes_one(hub, module_fake):
    module_fake.people["Änna.Müller@cern.ch"] = {"groups": ["/escape"]}
    hub.signed_in("Änna.Müller@cern.ch")
    names = [user["name"] for user in hub.api("GET", "users").json()]
    made = [name for name in names if re.fullmatch(r"anna-muller-cern-ch-[0-9a-f]{8}", name)]
    assert len(made) == 1
    issued(hub.ask(hub.start_server(made[0])))
    hub.stop_server(made[0])


def test_case_makes_another_person(hub, module_fake):
    module_fake.people |= {name: {"groups": ["/escape"]} for name in ("dora", "Dora")}
    hub.signed_in("dora")
    hub.signed_in("Dora")
    names = {user["name"] for user in hub.api("GET", "users").json()}
    assert len([name for name in names if name.startswith("dora")]) == 2


def test_who_takes_anothers_name_is_refused(hub, module_fake):
    module_fake.people["emil"] = {"groups": ["/escape"]}
    hub.signed_in("emil")
    module_fake.people["emil"]["sub"] = "somebody-else"
    said = refused(hub.visitor().sign_in("emil"), 403)
    assert "The user emil belongs to another person at the identity provider." in said
    del module_fake.people["emil"]["sub"]
    hub.signed_in("emil")


def test_who_is_in_no_allowed_group_is_refused(hub, module_fake):
    module_fake.people["frieda"] = {"groups": ["/elsewhere"]}
    assert hub.visitor().sign_in("frieda").status == 403


def test_a_missing_group_claim_names_its_setting(hub, module_fake):
    module_fake.people["gustav"] = {}
    said = refused(hub.visitor().sign_in("gustav"), 403)
    assert "global.escape.login.groups_claim" in said
    assert "did not say which groups you are in (groups)" in said


def test_a_missing_name_names_its_setting(hub, module_fake):
    module_fake.people["hanna"] = {"groups": ["/escape"], "preferred_username": None}
    said = refused(hub.visitor().sign_in("hanna"), 401)
    assert "global.escape.login.username_claim" in said


@pytest.mark.parametrize("groups", [7, {"escape": True}, ["/escape", 7]], ids=str)
def test_groups_that_are_not_a_list_of_names_change_nothing(hub, module_fake, groups):
    module_fake.people["karl"] = {"groups": ["/escape"]}
    visitor = hub.signed_in("karl")
    module_fake.people["karl"]["groups"] = groups
    renewed = module_fake.calls["refresh"]

    def seen():
        visitor.get("hub/home")
        return module_fake.calls["refresh"] > renewed

    wait_until(seen, what="a renewal")
    assert visitor.get("hub/home").url.endswith("/hub/home")
    assert hub.api("GET", "users/karl").json()["groups"] == ["/escape"]
    said = refused(hub.visitor().sign_in("karl"), 502)
    assert "groups that is not a list of names" in said
    assert "global.escape.login.groups_claim" in said


def test_a_provider_in_trouble_is_said_at_sign_in(hub, module_fake):
    for kind in ("code", "userinfo"):
        with module_fake.failing(kind, status=500):
            said = refused(hub.visitor().sign_in("alice"), 503)
        assert "The identity provider answered with status 500. Try again in a moment." in said
    with module_fake.failing("code", status=200, body=b"<html>"):
        assert "not in JSON" in refused(hub.visitor().sign_in("alice"), 503)
    module_fake.token_fields = {"refresh_token": None}
    said = refused(hub.visitor().sign_in("alice"), 401)
    module_fake.token_fields = {}
    assert "no refresh token" in said
    assert "global.escape.login.scopes" in said


def test_who_leaves_the_group_is_out_and_who_administers_may_stop(hub, module_fake):
    module_fake.people["ida"] = {"groups": ["/escape", "/vre-admins"]}
    visitor = hub.signed_in("ida")
    assert hub.api("GET", "users/ida").json()["admin"] is True
    assert "access:servers" in visitor.api("GET", "user").json()["scopes"]
    module_fake.people["ida"]["groups"] = ["/escape"]

    def administers():
        visitor.get("hub/home")
        return hub.api("GET", "users/ida").json()["admin"]

    wait_until(lambda: not administers(), what="the end of being an administrator")
    assert hub.api("GET", "users/ida").json()["groups"] == ["/escape"]
    module_fake.people["ida"]["groups"] = ["/elsewhere"]
    wait_until(
        lambda: "/hub/home" not in visitor.get("hub/home").url, what="the end of the session"
    )
    assert visitor.sign_in("ida").status == 403


def test_a_hub_that_is_killed_during_a_renewal_costs_one_sign_in(start_hub, fake):
    hub = start_hub(fake)
    hub.signed_in("alice")
    hub.signed_in("bob")
    alice, bob = hub.start_server("alice"), hub.start_server("bob")
    issued(hub.ask(alice))
    never = threading.Event()
    rotated = fake.calls["refresh"]

    def asked():
        hub.ask(alice)  # at a session that is due, once it is
        return fake.calls["refresh"] > rotated

    with fake.failing("refresh", held=never, after=True, status=200):
        fake.lifetime_s = 1
        wait_until(asked, what="a renewal")
        hub.kill()
        never.set()
    fake.lifetime_s = 300
    hub.start()
    wait_until(lambda: hub.ask(alice).status == 401, what="the end of the session")
    issued(hub.ask(bob))
    hub.signed_in("alice")
    issued(hub.ask(alice))


def test_a_hub_that_is_upgraded_during_a_renewal_signs_nobody_out(start_hub, fake):
    """SIGTERM while the provider has rotated the refresh token and not answered yet."""
    hub = start_hub(fake)
    hub.signed_in("alice")
    token = hub.start_server("alice")
    issued(hub.ask(token))
    answers = threading.Event()
    rotated = fake.calls["refresh"]

    def asked():
        hub.ask(token)  # at a session that is due, once it is
        return fake.calls["refresh"] > rotated

    with fake.failing("refresh", held=answers, after=True):
        fake.lifetime_s = 1
        wait_until(asked, what="a renewal")
        hub.process.terminate()
        wait_until(lambda: "Waiting up to" in hub.said(), what="the drain")
        assert hub.process.poll() is None
        answers.set()
        assert hub.process.wait(timeout=60) == 0
    fake.lifetime_s = 300
    hub.start()
    issued(hub.ask(token))
    assert fake.calls["code"] == 1, "nobody signed in again"


def test_a_sign_in_during_an_upgrade_succeeds(start_hub, fake):
    """SIGTERM while the provider has used up the code and not answered yet."""
    hub = start_hub(fake)
    visitor = hub.visitor()
    answers = threading.Event()
    with fake.failing("code", held=answers, after=True), ThreadPoolExecutor(1) as browser:
        # To a page that needs no hub: the old one ends right after its answer.
        page = browser.submit(visitor.sign_in, "alice", at="hub/oauth_login?next=/user/alice/")
        wait_until(lambda: fake.calls["code"] == 1, what="the code at the provider")
        hub.process.terminate()
        wait_until(lambda: "and 1 sign-ins" in hub.said(), what="the drain")
        assert hub.process.poll() is None
        assert "The hub is restarting." in refused(hub.visitor().sign_in("bob"), 503)
        answers.set()
        assert hub.process.wait(timeout=60) == 0
        page.result()
    hub.start()
    assert visitor.get("hub/home").url.endswith("/hub/home")
    assert fake.calls["code"] == 1, "nobody signed in again"
    assert hub.api("GET", "users/alice").json()["groups"], "what the provider said was saved"


def test_keys_rotate_one_restart_at_a_time(start_hub, fake):
    new = "another-key-for-tests-32-letters"
    hub = start_hub(fake)
    visitor = hub.signed_in("alice")
    token = hub.start_server("alice")
    hub.stop()
    hub.variable("ESCAPE_VRE_HUB_KEYS", f"{new};{KEYS}")
    hub.start()
    renewed = fake.calls["refresh"]

    def saved_again():
        visitor.get("hub/home")
        return fake.calls["refresh"] > renewed

    wait_until(saved_again, what="the renewal that seals anew")
    issued(hub.ask(token))
    hub.stop()
    hub.variable("ESCAPE_VRE_HUB_KEYS", new)
    hub.start()
    issued(hub.ask(token))
    assert visitor.get("hub/home").url.endswith("/hub/home")
    hub.stop()
    hub.variable("ESCAPE_VRE_HUB_KEYS", KEYS)
    hub.start()
    error(hub.ask(token), 401)
    hub.signed_in("alice")
    issued(hub.ask(token))


def test_while_jupyterhubs_own_keys_change_no_session_is_lost(start_hub, fake):
    """With two keys, JupyterHub saves every auth state again that it reads."""
    hub = start_hub(fake, begin=False)
    hub.variable("JUPYTERHUB_CRYPT_KEY", ";".join(["ab" * 32, "cd" * 32]))
    hub.start()
    visitor = hub.signed_in("alice")
    token = hub.start_server("alice")
    for _ in range(2):
        renewed = fake.calls["refresh"]

        def all_at_once():
            answers = at_once(
                *(lambda: hub.api("GET", "users/alice") for _ in range(6)),
                *(lambda: visitor.get("hub/home") for _ in range(4)),
                lambda: hub.ask(token),
            )
            assert all(answer.status == 200 for answer in answers)
            return fake.calls["refresh"] > renewed  # noqa: B023 (called within the loop)

        wait_until(all_at_once, what="a renewal")
    # Who read before the last renewal may have saved after it: the next check mends that.
    time.sleep(1.1)
    visitor.get("hub/home")
    hub.kill()
    hub.start()
    renewed = fake.calls["refresh"]
    wait_until(
        lambda: visitor.get("hub/home") and fake.calls["refresh"] > renewed, what="a renewal"
    )
    assert visitor.get("hub/home").url.endswith("/hub/home")
    issued(hub.ask(token))


@pytest.mark.parametrize(
    ("login", "variables", "words"),
    [
        ({"issuer": "http://127.0.0.1:{port}/nowhere"}, {}, "global.escape.login.issuer"),
        ({"colour": "red"}, {}, "global.escape.login.colour is not a setting"),
        ({}, {"ESCAPE_VRE_HUB_KEYS": "short"}, "global.escape.keys.env"),
        ({}, {"ESCAPE_VRE_CLIENT_SECRET": "wrong"}, "global.escape.login.client_secret_env"),
    ],
)
def test_a_hub_that_is_set_up_wrongly_ends_with_one_line(start_hub, fake, login, variables, words):
    login = {name: value.format(port=fake.port) for name, value in login.items()}
    hub = start_hub(fake, login=login, begin=False)
    for name, value in variables.items():
        hub.variable(name, value)
    assert hub.run().wait(timeout=60) == 1
    said = hub.said().strip()
    assert said.splitlines()[-1].startswith("escape-vre: ")
    assert words in said.splitlines()[-1]
    assert "Traceback" not in said
