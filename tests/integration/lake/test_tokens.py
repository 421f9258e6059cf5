"""The lake takes a provider's tokens, and no other: the real Rucio and both sites."""

import argparse
import hashlib
import hmac
import http.client
import json
import os
import ssl
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from escape_vre.local.lake import Lake, LakeError, cli
from escape_vre.local.lake.upload import place
from escape_vre.services.datalake.models import LakeSettings
from escape_vre.testing.waiting import wait_until

from .asking import ask, who
from .provider import EcKey, Provider, RsaKey, text


@pytest.fixture(scope="module")
def provider():
    provider = Provider()
    yield provider
    provider.stop()


@pytest.fixture(scope="module")
def trusting(lake, provider):
    """The lake, trusting the provider, whose Alice and Bob have accounts."""
    lake.trust(provider.issuer)
    lake.map_identity("alice-1", "alice")
    lake.map_identity("bob-1", "bob")
    yield lake
    lake.distrust()


@pytest.fixture
def sites(trusting, storage):
    """Send a request to a site as the holder of a token."""

    def send(token, method, path, **more):
        return storage(method, path, known=False, Authorization=f"Bearer {token}", **more)

    return send


@pytest.fixture
def both(trusting, sites):
    """Say what Rucio and a site think of a token: their statuses."""
    file = "/" + str(
        place(trusting.layout, trusting.sites[0], "demo", "fermi.lc.1.100-300MeV.csv").relative_to(
            trusting.layout.site(trusting.sites[0])
        )
    )

    def judge(token):
        return ask(trusting, token)[0], sites(token, "GET", file).status

    return judge


# --- who is who ----------------------------------------------------------------------------


def test_people_are_their_accounts(trusting, provider):
    assert who(trusting, provider.token("alice-1")) == "alice"
    assert who(trusting, provider.token("bob-1")) == "bob"


def test_everybody_reads_the_demo_scope(trusting, provider, sites):
    for person in ("alice-1", "bob-1"):
        token = provider.token(person)
        status, said = ask(trusting, token, path="/dids/demo/fermi.lightcurves/files")
        assert status == 200
        assert len(said.splitlines()) == 5
        body = {"dids": [{"scope": "demo", "name": "fermi.lc.1.100-300MeV.csv"}]}
        status, said = ask(trusting, token, "POST", "/replicas/list", body)
        replica = json.loads(said)
        (url,) = replica["rses"][trusting.sites[0]]
        content = sites(token, "GET", "/" + url.split("/", 3)[3]).content
        assert len(content) == replica["bytes"]


def test_only_owners_write_to_the_catalogue(trusting, provider):
    alice, bob = provider.token("alice-1"), provider.token("bob-1")
    made = {"type": "DATASET"}
    assert ask(trusting, alice, "POST", "/dids/user.alice/mine", made)[0] == 201
    for token, where in ((bob, "user.alice/his"), (alice, "demo/hers"), (bob, "user.demo/his")):
        assert ask(trusting, token, "POST", f"/dids/{where}", made)[0] == 401, where
    assert ask(trusting, bob, "PUT", "/dids/user.alice/mine/status", {"open": False})[0] == 401
    site = trusting.sites[0]
    file = {"scope": "demo", "name": "fermi.lc.1.100-300MeV.csv"}
    lost = {"rse": site, "files": [{**file, "state": "U"}]}
    assert ask(trusting, alice, "PUT", "/replicas", lost)[0] == 401
    new = {"rse": site, "files": [{**file, "name": "x", "bytes": 1, "adler32": "00000001"}]}
    assert ask(trusting, alice, "POST", "/replicas", new)[0] == 401
    assert ask(trusting, alice, "DELETE", "/replicas", {"rse": site, "files": [file]})[0] == 401


def test_only_owners_write_to_the_sites(trusting, provider, sites):
    alice, bob = provider.token("alice-1"), provider.token("bob-1")
    mine, his = "/data/user/alice/00/11/file", "/data/user/bob/00/11/file"
    assert sites(alice, "PUT", mine, data=b"mine").status == 201
    assert sites(bob, "GET", mine).content == b"mine"
    for method in ("PUT", "DELETE"):
        assert sites(bob, method, mine, data=b"" if method == "PUT" else None).status == 403
    assert sites(alice, "MOVE", mine, Destination=his).status == 403
    assert sites(bob, "MOVE", mine, Destination=his).status == 403
    assert sites(alice, "MKCOL", "/data/user/carol").status == 403
    assert sites(alice, "DELETE", "/data/user/alice").status == 403
    assert sites(alice, "PUT", "/data/demo/00/11/file", data=b"mine").status == 403
    for prefix, status in (("local", 201), ("tape", 201), ("elsewhere", 403)):
        where = f"/{prefix}/user/alice/00/11/file"
        assert sites(bob, "PUT", where, data=b"his", site=1).status == 403
        assert sites(alice, "PUT", where, data=b"mine", site=1).status == status
    assert sites(alice, "MOVE", mine, Destination=f"{mine}.2").status == 201
    assert sites(alice, "DELETE", f"{mine}.2").status == 204


def test_who_has_no_account_may_only_read_bytes(trusting, provider, sites):
    stranger = provider.token("carol-1")
    assert who(trusting, stranger) == 401
    assert sites(stranger, "GET", "/data/").status == 200
    assert sites(stranger, "PUT", "/data/user/carol/file", data=b"x").status == 403


def test_an_account_header_changes_nothing(trusting, provider):
    assert who(trusting, provider.token("alice-1"), X_Rucio_Account="root") == "alice"


# --- false tokens --------------------------------------------------------------------------


def altered(token, **claims):
    """Change what a token says, not its signature."""
    header, _, signature = token.split(".")
    said = {"iss": "x", "sub": "alice-1", "aud": "rucio", "exp": 9999999999, **claims}
    return f"{header}.{text(json.dumps(said).encode())}.{signature}"


def hmac_with_public_key(provider):
    """Sign as if the public key were a password: the oldest trick there is."""
    key = provider.keys[0]
    token = provider.token(header={"alg": "HS256"})
    content = token.rpartition(".")[0]
    secret = json.dumps(key.public()).encode()
    return f"{content}.{text(hmac.digest(secret, content.encode(), hashlib.sha256))}"


FALSE = {
    "wrong audience": lambda p: p.token(aud=["reana"]),
    "no audience": lambda p: p.token(aud=None),
    "audience that only begins so": lambda p: p.token(aud="rucio-test"),
    "wrong issuer": lambda p: p.token(iss="https://elsewhere.example/realms/test"),
    "issuer with a slash more": lambda p: p.token(iss=f"{p.issuer}/"),
    "no issuer": lambda p: p.token(iss=None),
    "no subject": lambda p: p.token(sub=None),
    "expired": lambda p: p.token(exp=int(time.time()) - 1),
    "never expires": lambda p: p.token(exp=None),
    "key of somebody else": lambda p: p.token(key=RsaKey("first")),
    "unknown key": lambda p: p.token(key=RsaKey("other")),
    "no key id": lambda p: p.token(header={"kid": None}),
    "key id that is a number": lambda p: p.token(header={"kid": 7}),
    "key for encryption": lambda p: p.token(header={"kid": "secrecy"}),
    "no signature": lambda p: p.token(signature=b""),
    "algorithm none": lambda p: p.token(header={"alg": "none"}, signature=b""),
    "algorithm nOnE": lambda p: p.token(header={"alg": "nOnE"}, signature=b""),
    "algorithm of another sort": lambda p: p.token(header={"alg": "ES256"}),
    "public key as a password": hmac_with_public_key,
    "altered": lambda p: altered(p.token(), iss=p.issuer, scope="openid profile"),
    "its own key inside": lambda p: p.token(
        key=(thief := RsaKey("own")), header={"jwk": {**thief.public(), "kid": "own"}}
    ),
    "no header": lambda p: "." + p.token().split(".", 1)[1],
    "nothing": lambda _p: "..",
    "a list": lambda _p: f"{text(b'[]')}.{text(b'[]')}.{text(b'')}",
    "deep": lambda _p: f"{text(b'[' * 20000)}.{text(b'[' * 20000)}.x",
    "not base64": lambda _p: "%%%.***.ÿÿÿ",
}


@pytest.mark.parametrize("kind", FALSE)
def test_false_tokens(both, provider, kind):
    assert both(FALSE[kind](provider)) == (401, 401)
    assert both(provider.token()) == (200, 200)


@pytest.mark.parametrize("scope", ["openid", "profile", "openid  email", None])
def test_rucio_wants_the_scopes(trusting, provider, scope):
    assert who(trusting, provider.token(scope=scope)) == 401


def test_a_refusal_says_why_without_the_token(sites, provider):
    plain = sites("no-jwt", "GET", "/data/").headers["WWW-Authenticate"]
    assert plain == 'Bearer realm="escape-vre"'
    expired = sites(provider.token(exp=1), "GET", "/data/").headers["WWW-Authenticate"]
    assert expired.endswith('error="invalid_token", error_description="expired"')
    other = sites(provider.token(aud="reana"), "GET", "/data/").headers["WWW-Authenticate"]
    assert other.endswith('error_description="not for rucio"')
    odd = provider.token(header={"alg": 'x"\r\nSet-Cookie: a=b'})
    assert sites(odd, "GET", "/data/").headers["WWW-Authenticate"].endswith('"invalid"')


def test_other_algorithms_of_the_field(both, provider):
    provider.keys.append(EcKey("elliptic"))
    wait_until(lambda: both(provider.token(key=provider.keys[-1])) == (200, 200))
    provider.keys.pop()


# --- time ----------------------------------------------------------------------------------


def test_a_token_ends_when_it_says_also_on_an_open_connection(trusting, provider):
    tls = ssl.create_default_context(cafile=trusting.layout.ca)
    ports = trusting.layout.ports()
    asking = {
        "/dids/demo/fermi.lightcurves": ports["rucio"],
        "/data/": ports["sites"][trusting.sites[0]],
    }
    for path, port in asking.items():
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=tls, timeout=30)

        def status(token, connection=connection, path=path):
            headers = {"X-Rucio-Auth-Token": token, "Authorization": f"Bearer {token}"}
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status

        # On a busy machine the shortest may be over before it is seen.
        lives = (provider.token(exp=int(time.time()) + life_s) for life_s in (3, 10, 30))
        token = next(token for token in lives if status(token) == 200)
        wait_until(lambda status=status, token=token: status(token) == 401)
        connection.close()


def test_twenty_at_once_with_one_new_token(trusting, provider):
    for _ in range(3):
        token = provider.token()
        with ThreadPoolExecutor(20) as pool:
            asked = [pool.submit(ask, trusting, token) for _ in range(20)]
        assert [one.result()[0] for one in asked] == [200] * 20


# --- the provider changes, sleeps, lies ----------------------------------------------------


def test_changed_keys_are_noticed(both, provider):
    old = provider.token()
    assert both(old) == (200, 200)
    provider.keys = [RsaKey("second")]
    new = provider.token()
    wait_until(lambda: both(new) == (200, 200))
    # What the provider has withdrawn is no key any more, for a token that was taken neither.
    assert both(old) == (401, 401)


def test_forged_key_names_do_not_reach_the_provider_each_time(both, provider):
    assert both(provider.token()) == (200, 200)
    provider.asked.clear()
    began = time.monotonic()
    for number in range(30):
        assert both(provider.token(header={"kid": f"x{number}"})) == (401, 401)
    # Two pages for each of two processes, every three seconds.
    assert len(provider.asked) <= 4 * (1 + (time.monotonic() - began) / 3)


def test_goes_on_while_the_provider_is_down(both, provider):
    known = provider.token()
    assert both(known) == (200, 200)
    provider.stop()
    try:
        assert both(known) == (200, 200)
        assert both(provider.token("bob-1")) == (200, 200)
        assert both(provider.token(key=RsaKey("third"))) == (401, 401)
        assert both(known) == (200, 200)
    finally:
        provider.start()


def test_a_provider_that_never_answers_holds_up_nobody(both, provider):
    known = provider.token()
    assert both(known) == (200, 200)
    provider.asked.clear()
    provider.held.clear()

    def forge():
        while len(provider.asked) < 2:
            assert both(provider.token(header={"kid": "new"})) == (401, 401)

    with ThreadPoolExecutor(1) as pool:
        try:
            forging = pool.submit(forge)
            wait_until(lambda: provider.asked or forging.done())
            assert both(known) == (200, 200)
            assert both(provider.token("bob-1")) == (200, 200)
        finally:
            provider.held.set()
        forging.result(60)


def test_nonsense_from_the_provider_takes_nothing_away(both, provider):
    known = provider.token()
    assert both(known) == (200, 200)
    provider.answers["/realms/test/keys"] = b"<html>busy</html>"
    provider.asked.clear()

    def asked():
        assert both(provider.token(header={"kid": "new"})) == (401, 401)
        return provider.asked.count("/realms/test/keys") >= 2

    wait_until(asked)
    assert both(known) == (200, 200)
    provider.answers.clear()


# --- trust begins and ends -----------------------------------------------------------------


def test_trust_ends_at_once_and_begins_at_once(trusting, both, provider):
    token = provider.token()
    assert both(token) == (200, 200)
    trusting.distrust()
    assert both(token) == (401, 401)
    assert trusting.status()["issuer"] is None
    trusting.trust(provider.issuer)
    assert both(token) == (200, 200)
    trusting.trust(provider.issuer, audience="lake")
    assert both(token) == (401, 401)
    assert both(provider.token(aud="lake")) == (200, 200)
    trusting.trust(provider.issuer)


def test_an_identity_moves_to_another_account(trusting, provider):
    trusting.map_identity("dora-1", "dora")
    assert who(trusting, provider.token("dora-1")) == "dora"
    trusting.map_identity("dora-1", "dora")
    trusting.map_identity("dora-1", "dora-2")
    assert who(trusting, provider.token("dora-1")) == "dora-2"


def test_the_commands(trusting, provider, capsys):
    parser = argparse.ArgumentParser()
    cli.add_lake_commands(parser)

    def run(command, *words):
        arguments = parser.parse_args([command, "--home", str(trusting.home), *words])
        assert arguments.run(arguments) == 0
        return capsys.readouterr().out

    assert "tokens" not in run("start", "--no-issuer")
    assert f"tokens     of {provider.issuer}" in run("start", "--issuer", provider.issuer)
    assert run("map", "edith-1", "edith") == "edith-1 is now account edith.\n"
    assert json.loads(run("map", "edith-1", "edith", "--json"))["issuer"] == provider.issuer
    assert who(trusting, provider.token("edith-1")) == "edith"


@pytest.mark.parametrize("account", ["", "Alice", "a b", "../x", "a.b", "a" * 21])
def test_names_that_cannot_be_accounts(trusting, account):
    with pytest.raises(LakeError, match="cannot be an account") as raised:
        trusting.map_identity("somebody", account)
    assert "a-z" in raised.value.hint


def test_what_is_no_provider_is_not_trusted(trusting, provider):
    before = trusting.trusted
    where = provider.issuer
    for issuer, said in (
        ("https://127.0.0.1:9/realms/test", "did not answer like"),
        (where + "/", "calls itself"),
        (where.replace("/realms/test", ""), "404"),
        ("ftp://127.0.0.1/realms/test", "not the address of an identity provider"),
        ("http://idp.example/realms/test", "not the address of an identity provider"),
        ("nonsense", "not the address of an identity provider"),
    ):
        with pytest.raises(LakeError, match=said):
            trusting.trust(issuer)
    with pytest.raises(LakeError, match="no file"):
        trusting.trust(where, ca_file=trusting.home / "none.pem")
    with pytest.raises(LakeError, match="not an audience"):
        trusting.trust(where, audience="rucio reana")
    assert trusting.trusted == before


def test_a_spoilt_file_trusts_nobody(trusting, both, provider):
    said = trusting.layout.trust.read_text()
    token = provider.token()
    assert both(token) == (200, 200)
    trusting.layout.trust.write_text(said[:-9])
    with pytest.raises(LakeError, match="Could not read the trusted provider"):
        trusting.status()
    assert both(token) == (401, 401)
    trusting.layout.trust.write_text(said)
    assert both(token) == (200, 200)


def test_a_restart_keeps_who_is_trusted(tmp_path, provider):
    lake = Lake(tmp_path / "lake")
    with pytest.raises(LakeError, match="trusts no identity provider"):
        lake.token_instance()
    lake.trust(provider.issuer)
    assert lake.status()["state"] == "absent"
    lake.start(tied=True)
    try:
        lake.map_identity("alice-1", "alice")
        token = provider.token()
        assert who(lake, token) == "alice"
        lake.stop()
        lake.start(tied=True)
        assert who(lake, token) == "alice"
        assert who(lake, provider.token()) == "alice"
        assert lake.layout.trust.stat().st_mode & 0o077 == 0
    finally:
        lake.erase()


def test_a_lake_without_a_provider_survives_tokens(lake, provider):
    """Rucio without a provider would read and close its descriptor 0 for each of these."""
    trusted = lake.trusted
    lake.distrust()
    try:
        for _ in range(3):
            assert who(lake, provider.token()) == 401
            assert ask(lake, "", path="/auth/oidc")[0] >= 400
        with lake.rest("demo") as rest:
            assert rest.call("GET", "/dids/demo/fermi.lightcurves")
    finally:
        if trusted.issuer:
            lake.trust(trusted.issuer)


def test_no_token_in_a_log(trusting, provider):
    token = provider.token("bob-1")
    assert who(trusting, token) == "bob"
    assert who(trusting, provider.token(aud="reana")) == 401
    for log in (trusting.home / "log").iterdir():
        content = log.read_bytes()
        assert token.encode() not in content
        assert b"eyJ" not in content, log


# --- the entry for our own configuration, and the field's own command ----------------------


def test_entries_for_people_with_tokens(trusting, provider):
    hub = trusting.token_instance()
    assert LakeSettings(**hub)
    assert (hub["auth"], hub["audience"], hub["storage_token"]) == ("hub", "rucio", "rucio")
    assert not {"account", "username", "password_file", "storage_cert_file"} & set(hub)
    device = trusting.token_instance(client_id="device")
    assert (device["auth"], device["issuer"]) == ("oidc", provider.issuer)
    assert device["client_id"] == "device"


@pytest.fixture
def with_token(trusting, tmp_path):
    """Run ``rucio`` with a token and nothing else of ours; gives exit code and output."""

    def run(token, *words, account=None):
        file = tmp_path / "token"
        file.write_text(token)
        config = tmp_path / "rucio.cfg"
        config.write_text(
            f"[client]\nrucio_host = {trusting.url}\nauth_host = {trusting.url}\n"
            f"ca_cert = {trusting.layout.ca}\n"
        )
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("RUCIO_", "X509_", "BEARER_", "XDG_"))
        }
        done = subprocess.run(
            [trusting.rucio, *words],
            env={
                **kept,
                "RUCIO_CONFIG": str(config),
                "RUCIO_AUTH_TYPE": "oidc",
                "BEARER_TOKEN_FILE": str(file),
                "PYTHONWARNINGS": "ignore",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    return run


def test_the_rucio_command_takes_a_token(with_token, trusting, provider, tmp_path):
    token = provider.token()
    code, said = with_token(token, "whoami")
    assert code == 0, said
    assert "alice" in said
    code, said = with_token(token, "did", "list", "demo:*", "--filter", "type=all")
    assert "demo:fermi.lightcurves" in said
    code, said = with_token(token, "download", "--dir", str(tmp_path), "demo:fermi.lightcurves")
    assert code == 0, said
    assert len(list((tmp_path / "fermi.lightcurves").iterdir())) == 5


def test_the_rucio_command_uploads_with_a_token(with_token, trusting, provider, tmp_path):
    file = tmp_path / "of.alice.csv"
    file.write_bytes(b"time,flux\n1,2\n" * 100)
    site = ("--rse", trusting.sites[0], "--scope", "user.alice")
    words = ("upload", "--register-after-upload", *site, str(file))
    code, said = with_token(provider.token(), *words)
    assert code == 0, said
    (stored,) = trusting.layout.site(trusting.sites[0]).rglob(file.name)
    assert stored.read_bytes() == file.read_bytes()
    code, said = with_token(provider.token("bob-1"), *words[:-1], str(file), "--name", "of.bob.csv")
    assert code != 0, said


def test_the_rucio_command_with_a_token_that_is_over(with_token, provider):
    """It neither waits for somebody to sign in nor, this being Rucio's, exits with an error."""
    said = with_token(provider.token(exp=1), "whoami")[1]
    assert "Cannot authenticate" in said
    assert "eyJ" not in said
