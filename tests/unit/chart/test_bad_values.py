"""Thirty mistakes of an administrator, and the sentence that each is to be told.

Where Helm's schema can tell, Helm does, before anything is sent to a cluster. What it cannot, the
Job tells: the test runs what the Job would, with the variables that Helm gives it.
"""

import json

import pytest

from escape_vre.core.errors import ConfigurationError
from escape_vre.hub import mounted
from escape_vre.hub.check import check
from tests.cluster.chart import EXAMPLES
from tests.unit.chart.conftest import RefusedError, environment, named

LAPTOP, IAM = EXAMPLES / "laptop.yaml", EXAMPLES / "site-iam.yaml"
LAKE = {"name": "a", "url": "https://rucio.example.org"}


def escape(**settings):
    return {"global": {"escape": settings}}


def z2jh(**values):
    return {"jupyterhub": values}


BY_HELM = {
    "no-login": (None, {}, "'/global/escape': missing property 'login'"),
    "no-provider": (None, escape(login={}), "/login': missing property 'provider'"),
    "provider": (
        LAPTOP,
        escape(login={"provider": "google"}),
        "/login/provider': value must be one",
    ),
    "no-issuer": (
        None,
        escape(login={"provider": "iam", "client_id": "x"}),
        "missing property 'issuer'",
    ),
    "no-client": (
        None,
        escape(login={"provider": "iam", "issuer": "https://x"}),
        "property 'client_id'",
    ),
    "password-and-issuer": (LAPTOP, escape(login={"issuer": "https://x"}), "'issuer' not allowed"),
    "typo-in-section": (IAM, escape(tokenz={}), "/global/escape': additional properties 'tokenz'"),
    "typo-in-setting": (
        IAM,
        escape(login={"isuer": "x"}),
        "/login': additional properties 'isuer'",
    ),
    "secret-as-a-value": (IAM, escape(login={"client_secret": "x"}), "'client_secret' not allowed"),
    "text-for-a-boolean": (
        IAM,
        escape(login={"allow_all": "yes"}),
        "/login/allow_all': got string, want",
    ),
    "text-for-a-number": (
        IAM,
        escape(login={"recheck_s": "300"}),
        "/login/recheck_s': got string, want",
    ),
    "recheck-too-often": (IAM, escape(login={"recheck_s": 1}), "/login/recheck_s': minimum: got 1"),
    "text-for-a-list": (IAM, escape(login={"allowed_groups": "/escape"}), "/allowed_groups'"),
    "method": (IAM, escape(tokens={"method": "guess"}), "/tokens/method'"),
    "audience-name": (
        IAM,
        escape(tokens={"audiences": [{"name": "Rucio!"}]}),
        "/audiences/0/name': 'Rucio!'",
    ),
    "audience-unnamed": (
        IAM,
        escape(tokens={"audiences": [{}]}),
        "/audiences/0': missing property 'name'",
    ),
    "scope-with-blank": (
        IAM,
        escape(tokens={"audiences": [{"name": "rucio", "scopes": ["a b"]}]}),
        "/audiences/0/scopes/0'",
    ),
    "too-many-calls": (IAM, escape(calls={"at_once": 1000}), "/calls/at_once': maximum: got 1,000"),
    "lake-without-url": (
        LAPTOP,
        escape(lakes=[{"name": "a"}]),
        "/lakes/0': missing property 'url'",
    ),
    "lake-by-ftp": (
        LAPTOP,
        escape(lakes=[{"name": "a", "url": "ftp://x"}]),
        "/lakes/0/url': 'ftp://x'",
    ),
    "lake-typo": (
        LAPTOP,
        escape(lakes=[{**LAKE, "akkount": "x"}]),
        "/lakes/0': additional properties 'akkount'",
    ),
    "lake-auth": (
        LAPTOP,
        escape(lakes=[{**LAKE, "auth": "magic"}]),
        "/lakes/0/auth': value must be one",
    ),
    "lakes-as-a-map": (LAPTOP, escape(lakes={"a": LAKE}), "/lakes': got object, want array"),
    "what-nothing-reads": (
        LAPTOP,
        escape(reana={"servers": []}),
        "additional properties 'reana' not allowed",
    ),
    "config-in-lower-case": (LAPTOP, escape(user={"config": {"agent": {}}}), "/user/config'"),
    "authorities": (LAPTOP, escape(authorities="/etc/ca.pem"), "/authorities'"),
    "top-level": (LAPTOP, {"escape": {}}, "additional properties 'escape' not allowed"),
    "z2jh-typo": (LAPTOP, z2jh(hubb={}), "additional properties 'hubb' not allowed"),
    "z2jh-deep-typo": (
        LAPTOP,
        z2jh(singleuser={"storage": {"size": "1Gi"}}),
        "properties 'size' not",
    ),
}

BY_THE_JOB = {
    "issuer-is-no-url": (
        escape(login={"issuer": "iam.example.org"}),
        "global.escape.login.issuer: must be a URL",
    ),
    "issuer-without-tls": (
        escape(login={"issuer": "http://iam.example.org"}),
        "issuer must begin with https://",
    ),
    "no-openid": (escape(login={"scopes": ["profile"]}), "scopes must include openid"),
    "audience-twice": (
        escape(tokens={"audiences": [{"name": "rucio"}, {"name": "rucio"}, {"name": "reana"}]}),
        "global.escape.tokens: audiences has rucio twice",
    ),
    "lake-twice": (escape(lakes=[LAKE, LAKE]), "global.escape.lakes: has a twice"),
    "lake-with-unknown-audience": (
        escape(lakes=[{**LAKE, "auth": "hub", "audience": "other"}]),
        "lakes[0].audience is other, and tokens.audiences has none",
    ),
    "config-that-nothing-reads": (
        escape(user={"config": {"Workflows": {"servers": []}}}),
        "global.escape.user.config: Workflows is not a group of settings.",
    ),
    "config-typo": (
        escape(user={"config": {"Transfers": {"conections": 8}}}),
        "Transfers.conections is not a setting. Did you mean connections?",
    ),
    "config-of-a-service-typo": (
        escape(user={"config": {"DataLake": {"instance": []}}}),
        "DataLake.instance is not a setting. Did you mean instances?",
    ),
    "config-of-the-wrong-type": (
        escape(user={"config": {"Agent": {"idle_timeout_s": "long"}}}),
        "idle_timeout_s",
    ),
    "token-file-without-file": (
        escape(lakes=[{**LAKE, "auth": "token_file"}]),
        "needs a token_file",
    ),
    "nobody": (
        escape(login={"allowed_groups": [], "admin_groups": []}),
        "No user may sign in.",
    ),
    "name-of-nobody": (
        z2jh(hub={"config": {"Authenticator": {"allowed_users": ["Anna Müller"]}}}),
        "allowed_users has 'Anna Müller', which is not a user name of this hub",
    ),
}


@pytest.mark.parametrize("name", BY_HELM)
def test_helm_refuses(run, values, name):
    base, wrong, said = BY_HELM[name]
    with pytest.raises(RefusedError) as caught:
        run.render(*filter(None, [base, values(wrong)]))
    assert said in str(caught.value)


@pytest.fixture
def secret(monkeypatch, tmp_path):
    """The site's Secret, where the Job has it."""
    folder = tmp_path / "secret"
    folder.mkdir()
    (folder / mounted.CLIENT_SECRET).write_text("s3cret\n")
    (folder / mounted.KEYS).write_text("0" * 64 + "\n")
    monkeypatch.setattr(mounted, "FOLDER", folder)
    for name in ("ESCAPE_VRE_CLIENT_SECRET", "ESCAPE_VRE_HUB_KEYS"):
        monkeypatch.delenv(name, raising=False)
    return folder


def told_to_the_job(run, *files):
    job = environment(named(run.manifests(*files), "Job", "vre-escape-check"))
    return json.loads(job["ESCAPE_VRE_CHECK"])


@pytest.mark.parametrize("name", BY_THE_JOB)
def test_the_job_refuses(run, values, secret, name):
    wrong, said = BY_THE_JOB[name]
    with pytest.raises(ConfigurationError) as caught:
        check(told_to_the_job(run, IAM, values(wrong)))
    assert said in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_kubernetes_that_is_too_old_is_refused(run):
    with pytest.raises(RefusedError, match=r"kubeVersion: >=1\.28\.0-0 which is incompatible with"):
        run.render(LAPTOP, kubernetes="1.27.9")


def test_a_hub_without_its_password_is_refused(run, values):
    none = {"hub": {"config": {"SharedPasswordAuthenticator": {"user_password": "short"}}}}
    with pytest.raises(ConfigurationError, match="there is no password of 8 characters"):
        check(told_to_the_job(run, LAPTOP, values({"jupyterhub": none})))


def test_the_laptop_is_good_as_it_is(run):
    check(told_to_the_job(run, LAPTOP))


def test_at_least_thirty():
    assert len(BY_HELM) + len(BY_THE_JOB) >= 30
