"""What keeps an installation from beginning."""

import json
import ssl

import pytest
import trustme

from escape_vre.core.errors import ConfigurationError
from escape_vre.hub import check as module
from escape_vre.hub import mounted
from escape_vre.hub.check import check, check_storage
from escape_vre.testing.loopback import Handler, Server
from tests.unit.hub.conftest import KEY


@pytest.fixture
def secret(monkeypatch, tmp_path, idp):
    """The site's Secret, in the place of variables."""
    monkeypatch.delenv("ESCAPE_VRE_CLIENT_SECRET")
    monkeypatch.delenv("ESCAPE_VRE_HUB_KEYS")
    folder = tmp_path / "existing-secret"
    folder.mkdir()
    monkeypatch.setattr(mounted, "FOLDER", folder)
    (folder / mounted.CLIENT_SECRET).write_text(f"{idp.client_secret}\n")
    (folder / mounted.KEYS).write_text(f"{KEY}\n")
    return folder


def asked(given, **more):
    return {"settings": given, "secret": "escape-hub", "hub": {}, "claims": [], **more}


def refusal(given, **more):
    with pytest.raises(ConfigurationError) as caught:
        check(asked(given, **more))
    return str(caught.value)


def test_what_is_good_passes(given, secret):
    check(asked(given))


def test_a_secret_that_is_not_there_is_named(given, secret):
    for file in secret.iterdir():
        file.unlink()
    (secret / "..data").mkdir()  # as Kubernetes mounts a Secret that is not there
    said = refusal(given)
    assert "has no Secret called escape-hub" in said
    assert "jupyterhub.hub.existingSecret" in said


@pytest.mark.parametrize("key", [mounted.CLIENT_SECRET, mounted.KEYS])
def test_a_key_that_is_not_in_the_secret_is_named(given, secret, key):
    (secret / key).unlink()
    assert f"nor below {key} in the Secret of jupyterhub.hub.existingSecret" in refusal(given)


def test_a_short_key_is_refused_and_not_shown(given, secret):
    (secret / mounted.KEYS).write_text("short")
    said = refusal(given)
    assert "has 5 characters; it needs 32" in said


def test_a_wrong_secret_is_refused(given, secret):
    (secret / mounted.CLIENT_SECRET).write_text("wrong")
    assert "invalid_client" in refusal(given)


def test_a_wrong_issuer_is_refused(given, secret):
    given["login"]["issuer"] += "/other"
    assert "login.issuer" in refusal(given)


def test_a_provider_without_exchange_is_refused(given, secret, idp):
    idp.document = {"grant_types_supported": ["authorization_code", "refresh_token"]}
    assert "does not support token exchange" in refusal(given)


def test_a_file_of_authorities_that_only_the_hub_has_is_no_mistake(given, secret, capsys):
    given["login"]["ca_file"] = "/in/the/hub.pem"
    check(asked(given))
    assert "the provider is not checked" in capsys.readouterr().err


def test_who_may_sign_in_counts_hub_config_too(given, secret):
    given["login"]["allowed_groups"] = []
    assert "No user may sign in" in refusal(given)
    check(asked(given, hub={"Authenticator": {"allowed_users": ["anna"]}}))


# The StorageClass, asked of a server that stands in for Kubernetes.


@pytest.fixture
def kubernetes(monkeypatch, tmp_path):
    """Kubernetes' API as this pod would find it: ``answers`` is what a volume claim gets."""

    class Api(Handler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            seen.append((self.path, self.headers["Authorization"], body))
            status, answer = answers
            self.send(status, json.dumps(answer(body) if callable(answer) else answer).encode())

    answers, seen = [201, {}], []
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    account = tmp_path / "account"
    account.mkdir()
    (account / "token").write_text("the-token")
    (account / "namespace").write_text("science")
    authority.cert_pem.write_to_path(account / "ca.crt")
    monkeypatch.setattr(module, "ACCOUNT", account)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    with Server(Api, tls=context) as server:
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(server.server_port))
        yield answers, seen


def with_class(name):
    return lambda claim: {**claim, "spec": {**claim["spec"], **name}}


def test_a_cluster_with_a_default_class_is_good(kubernetes):
    answers, seen = kubernetes
    answers[1] = with_class({"storageClassName": "standard"})
    check_storage("jupyterhub.x")
    ((path, token, claim),) = seen
    assert path == "/api/v1/namespaces/science/persistentvolumeclaims?dryRun=All"
    assert token == "Bearer the-token"
    assert "storageClassName" not in claim["spec"]


def test_a_cluster_without_one_is_refused_and_the_value_named(kubernetes):
    kubernetes[0][1] = with_class({})
    with pytest.raises(ConfigurationError, match=r"no default StorageClass, and jupyterhub\.x"):
        check_storage("jupyterhub.x")


def test_who_may_not_ask_installs_all_the_same(kubernetes, capsys):
    kubernetes[0][:] = [403, {"message": "exceeded quota"}]
    check_storage("jupyterhub.x")
    assert "exceeded quota" in capsys.readouterr().err


def test_a_pod_without_an_account_does_not_ask(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(module, "ACCOUNT", tmp_path / "none")
    check_storage("jupyterhub.x")
    assert "is not checked" in capsys.readouterr().err


def test_a_kubernetes_that_does_not_answer_is_no_mistake(kubernetes, monkeypatch, capsys):
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "9")
    check_storage("jupyterhub.x")
    assert "does not answer" in capsys.readouterr().err


def test_the_job_says_one_sentence_and_fails(monkeypatch, capsys):
    monkeypatch.setenv("ESCAPE_VRE_CHECK", json.dumps(asked({})))
    with pytest.raises(SystemExit) as caught:
        module.main()
    assert str(caught.value).startswith("escape-vre: global.escape.login is missing.")


def test_the_job_says_that_all_is_good(given, secret, monkeypatch, capsys):
    monkeypatch.setenv("ESCAPE_VRE_CHECK", json.dumps(asked(given)))
    module.main()
    assert capsys.readouterr().out == "escape-vre: These values are valid.\n"
