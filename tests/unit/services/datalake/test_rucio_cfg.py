"""A rucio.cfg and its variables mean what they mean to the rucio command."""

import os
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest
import trustme

from escape_vre.testing.rucio import Answer, FakeRucio


@pytest.fixture
def person(caller, tmp_path):
    """Have the agent called by somebody with a home, and no instance configured."""
    home = tmp_path / "home"
    home.mkdir()
    caller.config = {}
    caller.variables = {"HOME": str(home)}
    return caller


@pytest.fixture
def write(person, rucio, tmp_path):
    """Write a rucio.cfg, and name it in RUCIO_CONFIG unless it has a folder of its own."""

    def writing(at=None, **options):
        fields = {
            "rucio_host": rucio.url,
            "auth_host": rucio.url,
            "auth_type": "userpass",
            "username": "u",
            "password": "p",
            "account": "jdoe",
            **options,
        }
        path = (at or tmp_path) / "rucio.cfg"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [f"{name} = {value}" for name, value in fields.items() if value is not None]
        path.write_text("[client]\n" + "\n".join(lines) + "\n")
        if at is None:
            person.variables["RUCIO_CONFIG"] = str(path)
        return path

    return writing


@pytest.fixture
def authority():
    return trustme.CA()


@pytest.fixture
def secure(rucio, person, authority):
    """Have Rucio speak TLS, by a certificate of an authority that nobody knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with FakeRucio(tls=context) as running:
        yield running


def at(rucio):
    return {"rucio_host": rucio.url, "auth_host": rucio.url}


def signs_in(person):
    status, answer = person.ask("/datalake/whoami")
    assert status == 200, answer
    return answer


def refused(person):
    status, answer = person.ask("/datalake/whoami")
    assert status >= 400
    return answer["error"]


@pytest.mark.parametrize("path", ["$HOME/ca.pem", "${HOME}/ca.pem", "~/ca.pem", "$SITE_CA"])
def test_variables_and_home_in_a_path(person, secure, authority, write, path):
    file = Path(person.variables["HOME"]) / "ca.pem"
    authority.cert_pem.write_to_path(file)
    person.variables["SITE_CA"] = str(file)
    write(**at(secure), ca_cert=path)
    signs_in(person)


def test_the_agent_asks_for_the_variables_that_a_rucio_cfg_names(person, write):
    write(ca_cert="$SITE_CA/a.pem", client_cert="~/${OTHER}")
    _, answer = person.ask("/datalake/instances")
    status, answer = person.ask("/agent")
    assert status == 200
    assert answer["variables"] == ["OTHER", "SITE_CA"]


def test_a_password_is_no_path(person, rucio, write):
    person.variables["SECRET"] = "p"
    write(password="$SECRET")
    assert person.ask("/agent")[1]["variables"] == []
    signs_in(person)
    assert rucio.headers_of("/auth/userpass")["x-rucio-password"] == "$SECRET"


@pytest.mark.parametrize(
    ("named", "unset"), [("/nowhere/ca.pem", ""), ("$NOT_SET/ca.pem", "NOT_SET is not set")]
)
def test_authorities_that_are_missing_are_said(person, secure, write, named, unset):
    write(**at(secure), ca_cert=named)
    error = refused(person)
    assert error["code"] == "configuration"
    assert named in error["message"]
    assert unset in error["message"]


def test_authorities_do_not_matter_without_tls(person, write):
    write(ca_cert="/nowhere/ca.pem")
    signs_in(person)


def test_a_doubled_percent_sign_is_one(person, rucio, write):
    write(password="50%%off")
    signs_in(person)
    assert rucio.headers_of("/auth/userpass")["x-rucio-password"] == "50%off"


def test_a_single_percent_sign_is_said_without_the_password(person, write):
    write(password="thrice%secret")
    error = refused(person)
    assert "password" in error["message"]
    assert "%%" in error["hint"]
    assert "thrice" not in str(error)


def test_one_option_may_refer_to_another(person, rucio, write):
    write(account="%(username)s")
    signs_in(person)
    assert rucio.headers_of("/auth/userpass")["x-rucio-account"] == "u"


@pytest.mark.parametrize("name", ["RUCIO_HOME", "VIRTUAL_ENV", "CONDA_PREFIX"])
def test_the_places_of_a_rucio_cfg(person, write, tmp_path, name):
    write(tmp_path / name / "etc")
    person.variables[name] = str(tmp_path / name)
    signs_in(person)


def test_the_order_of_places(person, rucio, write, tmp_path):
    places = {name: tmp_path / name for name in ("RUCIO_HOME", "VIRTUAL_ENV", "CONDA_PREFIX")}
    person.variables |= {name: str(place) for name, place in places.items()}
    found = {name: write(place / "etc", account=name.lower()) for name, place in places.items()}
    found["HOME"] = write(Path(person.variables["HOME"]) / ".rucio", account="home")
    for name, path in found.items():
        signs_in(person)
        assert rucio.headers_of("/auth/userpass")["x-rucio-account"] == name.lower()
        path.unlink()


def test_a_rucio_config_that_is_not_there_is_said(person):
    person.variables["RUCIO_CONFIG"] = "/nowhere/rucio.cfg"
    assert "/nowhere/rucio.cfg" in refused(person)["message"]


@pytest.mark.parametrize("text", ["", "[client]\n", "no section", "[client]\nrucio_host\n", "\xff"])
def test_a_file_that_is_no_rucio_cfg(person, write, text):
    write().write_bytes(text.encode("latin-1"))
    error = refused(person)
    assert error["code"] == "configuration"
    assert "rucio.cfg" in error["message"]


def test_an_address_without_a_scheme_is_said(person, write):
    write(rucio_host="rucio.example.org")
    error = refused(person)
    assert error["code"] == "configuration"
    assert "https://" in error["hint"]


class TestEntry:
    """An entry with auth rucio_cfg."""

    @pytest.fixture
    def entry(self, person, rucio):
        entry = {"name": "mine", "url": rucio.url, "auth": "rucio_cfg"}
        person.config = {"DataLake": {"instances": [entry]}}
        return entry

    def test_its_file_may_be_in_our_home(self, person, entry, write, tmp_path, monkeypatch):
        monkeypatch.setenv("HOME", str(tmp_path))
        write(tmp_path / "mine")
        entry["rucio_cfg"] = "~/mine/rucio.cfg"
        assert signs_in(person)["instance"] == "mine"

    def test_the_callers_file_serves_it(self, person, entry, write):
        write()
        assert signs_in(person)["instance"] == "mine"

    def test_what_it_says_goes_first(self, person, rucio, entry, write):
        write(vo="skt", account="other")
        entry |= {"vo": "dte", "storage_hosts": ["*.example.org"]}
        signs_in(person)
        assert rucio.headers_of("/auth/userpass")["x-rucio-vo"] == "dte"
        assert rucio.headers_of("/auth/userpass")["x-rucio-account"] == "other"

    def test_its_file_is_missing(self, person, entry):
        entry["rucio_cfg"] = "/nowhere/rucio.cfg"
        assert "/nowhere/rucio.cfg" in refused(person)["message"]

    def test_no_file_at_all(self, person, entry):
        if Path("/opt/rucio/etc/rucio.cfg").exists():
            pytest.skip("this machine has one")
        assert refused(person)["code"] == "configuration"

    def test_the_variables_of_its_file_are_asked_for(self, person, entry, write):
        write(ca_cert="$SITE_CA")
        assert person.ask("/agent")[1]["variables"] == ["SITE_CA"]


def test_a_vo_is_sent_with_every_request(person, rucio, write):
    write(vo="skt")
    signs_in(person)
    for path in ("/auth/userpass", "/accounts/whoami"):
        assert rucio.headers_of(path)["x-rucio-vo"] == "skt"


def test_the_callers_vo_goes_first(person, rucio, write):
    write(vo="skt")
    person.variables["RUCIO_VO"] = "dte"
    signs_in(person)
    assert rucio.headers_of("/auth/userpass")["x-rucio-vo"] == "dte"


def test_no_vo_is_sent_where_there_is_none(person, rucio, write):
    write(vo="")
    signs_in(person)
    assert "x-rucio-vo" not in rucio.headers_of("/auth/userpass")


class TestCertificates:
    """Sign-in by a certificate: in one file, in two, and none."""

    @pytest.fixture
    def strict(self, person, authority, tmp_path):
        """A Rucio that wants a certificate."""
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
        with FakeRucio(tls=context) as running:
            given = running.answers["/auth/userpass"]
            running.says("/auth/x509", *given)
            running.says("/auth/x509_proxy", *given)
            yield running

    @pytest.fixture
    def options(self, strict, tmp_path):
        return {
            **at(strict),
            "auth_type": "x509",
            "username": None,
            "password": None,
            "ca_cert": tmp_path / "ca.pem",
        }

    @pytest.fixture
    def pair(self, authority, tmp_path):
        made = authority.issue_cert("jdoe@example.org")
        cert, key = tmp_path / "usercert.pem", tmp_path / "userkey.pem"
        made.cert_chain_pems[0].write_to_path(cert)
        made.private_key_pem.write_to_path(key)
        return cert, key

    @pytest.fixture
    def proxy(self, pair, tmp_path):
        path = tmp_path / "proxy.pem"
        path.write_bytes(b"".join(part.read_bytes() for part in pair))
        return path

    def test_in_two_files(self, person, strict, write, options, pair):
        write(**options, client_cert=pair[0], client_key=pair[1])
        signs_in(person)
        assert strict.asked["/auth/x509"] == 1

    def test_in_two_files_of_the_callers_variables(self, person, write, options, pair):
        person.variables |= {
            "RUCIO_CLIENT_CERT": str(pair[0]),
            "RUCIO_CLIENT_KEY": str(pair[1]),
        }
        write(**options, client_cert="/nowhere", client_key="/nowhere")
        signs_in(person)

    def test_in_one_file(self, person, write, options, proxy):
        write(**options, client_cert=proxy)
        signs_in(person)

    def test_in_two_files_of_an_instance(self, person, strict, pair, tmp_path):
        entry = {
            "name": "grid",
            "url": strict.url,
            "auth": "x509",
            "account": "jdoe",
            "ca_file": str(tmp_path / "ca.pem"),
            "storage_cert_file": str(pair[0]),
            "storage_key_file": str(pair[1]),
        }
        person.config = {"DataLake": {"instances": [entry]}}
        signs_in(person)

    def test_in_two_files_of_variables_for_an_instance(self, person, strict, pair, tmp_path):
        entry = {"name": "grid", "url": strict.url, "auth": "x509", "account": "jdoe"}
        entry["ca_file"] = str(tmp_path / "ca.pem")
        person.config = {"DataLake": {"instances": [entry]}}
        person.variables |= {"RUCIO_CLIENT_CERT": str(pair[0]), "RUCIO_VO": "skt"}
        person.variables |= {"RUCIO_CLIENT_KEY": str(pair[1])}
        signs_in(person)
        assert strict.headers_of("/auth/x509")["x-rucio-vo"] == "skt"

    @pytest.mark.parametrize("name", ["RUCIO_CLIENT_PROXY", "X509_USER_PROXY"])
    def test_a_proxy_of_the_callers_variables(self, person, strict, write, options, proxy, name):
        person.variables[name] = str(proxy)
        write(**options | {"auth_type": "x509_proxy"}, client_x509_proxy="$NOT_SET")
        signs_in(person)
        assert strict.asked["/auth/x509_proxy"] == 1

    def test_the_proxy_of_a_rucio_cfg_goes_before_the_environments(
        self, person, write, options, proxy
    ):
        person.variables["X509_USER_PROXY"] = "/nowhere"
        write(**options | {"auth_type": "x509_proxy"}, client_x509_proxy=proxy)
        signs_in(person)

    def test_a_certificate_that_is_missing_is_said(self, person, write, options):
        write(**options, client_cert="/nowhere/usercert.pem")
        assert "/nowhere/usercert.pem" in refused(person)["message"]

    def test_a_key_that_is_missing_is_said(self, person, write, options, pair):
        write(**options, client_cert=pair[0], client_key="/nowhere/userkey.pem")
        assert "/nowhere/userkey.pem" in refused(person)["message"]

    def test_a_key_with_a_password_is_said(self, person, write, options, pair, tmp_path):
        from cryptography.hazmat.primitives.serialization import (
            BestAvailableEncryption,
            Encoding,
            PrivateFormat,
            load_pem_private_key,
        )

        key = load_pem_private_key(pair[1].read_bytes(), None)
        how = (Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word"))
        (tmp_path / "locked.pem").write_bytes(key.private_bytes(*how))
        write(**options, client_cert=pair[0], client_key=tmp_path / "locked.pem")
        error = refused(person)
        assert "password" in error["hint"]

    def test_no_certificate_at_all_is_said(self, person, write, options):
        if Path(f"/tmp/x509up_u{os.geteuid()}").exists():
            pytest.skip("this person has a proxy")
        write(**options | {"auth_type": "x509_proxy"}, client_x509_proxy="")
        error = refused(person)
        assert error["code"] == "auth"
        assert "voms-proxy-init" in error["hint"]


@pytest.mark.parametrize("named", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_the_callers_authorities(person, secure, authority, write, tmp_path, named):
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    write(**at(secure))
    assert "certificate" in refused(person)["message"]
    person.variables[named] = str(tmp_path / "ca.pem")
    signs_in(person)


def test_what_any_program_trusts_is_trusted(person, secure, authority, write, tmp_path):
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    write(**at(secure))
    person.variables["REQUESTS_CA_BUNDLE"] = str(tmp_path / "other.pem")
    person.variables["SSL_CERT_FILE"] = str(tmp_path / "ca.pem")
    signs_in(person)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to name the file")
def test_a_folder_of_authorities(person, secure, authority, write, tmp_path):
    folder = tmp_path / "certificates"
    folder.mkdir()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    command = ["openssl", "x509", "-hash", "-noout", "-in", str(folder / "ca.pem")]
    name = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    (folder / "ca.pem").rename(folder / f"{name}.0")
    write(**at(secure))
    person.variables["X509_CERT_DIR"] = str(folder)
    signs_in(person)


def test_a_folder_of_authorities_that_is_not_there_is_none(person, write):
    person.variables |= {"X509_CERT_DIR": "/nowhere", "REQUESTS_CA_BUNDLE": "/nowhere"}
    write()
    signs_in(person)


class TestBearerTokens:
    """auth_type oidc: the token is where the tools of WLCG leave it."""

    @pytest.fixture
    def used(self, person, rucio, write):
        """Sign in; returns the token that was used, None where there is none."""

        def using():
            before = len(rucio.heads)
            status, answer = person.ask("/datalake/whoami")
            if status == 200:
                assert len(rucio.heads) > before
                return rucio.headers_of("/accounts/whoami")["x-rucio-auth-token"]
            assert answer["error"]["code"] == "auth", answer
            return None

        write(auth_type="oidc", username=None, password=None)
        return using

    def test_the_order(self, person, used, write, tmp_path):
        (tmp_path / "named").write_text("of a named file\n")
        (tmp_path / f"bt_u{os.geteuid()}").write_text("of the runtime folder\n")
        (tmp_path / "cfg").write_text("of rucio.cfg\n")
        write(auth_type="oidc", auth_token_file_path=tmp_path / "cfg")
        said = {
            "RUCIO_AUTH_TOKEN": "of Rucio's variable",
            "BEARER_TOKEN": "of the variable",
            "BEARER_TOKEN_FILE": str(tmp_path / "named"),
            "XDG_RUNTIME_DIR": str(tmp_path),
        }
        person.variables |= said
        found = []
        for name in said:
            found.append(used())
            del person.variables[name]
        assert found == [
            "of Rucio's variable",
            "of the variable",
            "of a named file",
            "of the runtime folder",
        ]
        if not Path(f"/tmp/bt_u{os.geteuid()}").exists():
            assert used() == "of rucio.cfg"

    def test_a_named_file_that_is_missing_is_passed_over(self, person, used, tmp_path):
        (tmp_path / f"bt_u{os.geteuid()}").write_text("t")
        person.variables |= {"BEARER_TOKEN_FILE": "/nowhere", "XDG_RUNTIME_DIR": str(tmp_path)}
        assert used() == "t"

    def test_a_link_at_a_name_that_can_be_guessed(self, person, used, tmp_path):
        (tmp_path / "secret").write_text("of another file of ours")
        (tmp_path / f"bt_u{os.geteuid()}").symlink_to(tmp_path / "secret")
        person.variables["XDG_RUNTIME_DIR"] = str(tmp_path)
        assert used() != "of another file of ours"

    def test_another_name_of_a_file_of_ours(self, person, used, tmp_path):
        (tmp_path / "secret").write_text("of another file of ours")
        (tmp_path / f"bt_u{os.geteuid()}").hardlink_to(tmp_path / "secret")
        person.variables["XDG_RUNTIME_DIR"] = str(tmp_path)
        assert used() != "of another file of ours"

    def test_a_file_that_others_can_write(self, person, used, tmp_path):
        file = tmp_path / f"bt_u{os.geteuid()}"
        file.write_text("theirs")
        file.chmod(0o666)
        person.variables["XDG_RUNTIME_DIR"] = str(tmp_path)
        assert used() != "theirs"

    @pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
    def test_a_file_of_somebody_else(self, person, used, tmp_path):
        file = tmp_path / f"bt_u{os.geteuid()}"
        file.write_text("theirs")
        os.chown(file, 65534, 65534)
        person.variables["XDG_RUNTIME_DIR"] = str(tmp_path)
        assert used() != "theirs"

    def test_a_pipe_holds_nobody_up(self, person, used, tmp_path):
        os.mkfifo(tmp_path / f"bt_u{os.geteuid()}", 0o600)
        person.variables["XDG_RUNTIME_DIR"] = str(tmp_path)
        used()


def test_a_refusal_of_the_server_is_still_one(person, rucio, write):
    rucio.says("/auth/userpass", Answer(status=401))
    write()
    assert refused(person)["code"] == "auth"
