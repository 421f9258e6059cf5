"""What other programs' variables and files say reaches the agent with each request."""

import ssl
import zlib

import pytest
import trustme

from escape_vre.client import AgentClient
from escape_vre.testing.proxy import FakeProxy
from escape_vre.testing.rucio import Answer, FakeRucio, fixed, listed

BODY = b"observation,1\n" * 500


@pytest.fixture
def rucio():
    with FakeRucio() as running:
        yield running


@pytest.fixture
def peer(configure, rucio):
    """Configure an entry of rucio-jupyterlab whose token is in a variable."""
    entry = {
        "name": "vre",
        "display_name": "VRE",
        "rucio_base_url": rucio.url,
        "mode": "download",
        "oidc_auth": "env",
        "oidc_env_name": "MY_RUCIO_TOKEN",
    }
    configure(RucioConfig={"instances": [entry]})


def test_a_variable_that_the_configuration_names_is_sent(peer, rucio, monkeypatch):
    monkeypatch.setenv("MY_RUCIO_TOKEN", "t")
    assert AgentClient().get("/datalake/whoami")["account"] == "jdoe"
    assert rucio.headers_of("/accounts/whoami")["x-rucio-auth-token"] == "t"


def test_it_is_sent_to_an_agent_that_another_client_has_started(peer, rucio, monkeypatch):
    AgentClient().get("/datalake/instances")
    monkeypatch.setenv("MY_RUCIO_TOKEN", "t")
    assert AgentClient().get("/datalake/whoami")["account"] == "jdoe"


def test_a_rucio_cfg_is_found_from_the_callers_folder(rucio, configure, monkeypatch, tmp_path):
    (tmp_path / "rucio.cfg").write_text(
        f"[client]\nrucio_host = {rucio.url}\nauth_host = {rucio.url}\n"
        "auth_type = userpass\nusername = u\npassword = p\naccount = jdoe\n"
    )
    configure()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUCIO_CONFIG", "rucio.cfg")
    assert AgentClient().get("/datalake/whoami")["account"] == "jdoe"


@pytest.fixture
def store(rucio, configure, tmp_path):
    """Have a storage with TLS hold t:f; returns a function that names its host in the catalogue."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "storage.invalid").configure_cert(context)
    (tmp_path / "token").write_text("t")
    entry = {"name": "lab", "url": rucio.url, "auth": "token_file"}
    entry |= {"token_file": str(tmp_path / "token"), "ca_file": str(tmp_path / "ca.pem")}
    configure(DataLake={"instances": [entry]}, Agent={"data_dir": str(tmp_path / "data")})

    with FakeRucio(tls=context) as storage:
        storage.says("/f", Answer(BODY))

        def at(base=storage.url):
            did = {"scope": "t", "name": "f", "type": "FILE", "did_type": "FILE"}
            did |= {"bytes": len(BODY), "adler32": f"{zlib.adler32(BODY):08x}"}
            pfn = {"rse": "A", "type": "DISK", "priority": 1, "domain": "wan"}
            row = {**did, "pfns": {f"{base}/f": pfn}, "rses": {}, "states": {"A": "AVAILABLE"}}
            rucio.says("/dids/t/f", fixed(did))
            rucio.says("/replicas/list", listed(row))
            return storage

        yield at


def got(tmp_path):
    client = AgentClient()
    job = client.wait(client.post("/datalake/get", {"refs": ["rucio:t:f"]})["id"])
    assert job["state"] == "done", job["error"]
    return (tmp_path / "data/t/f").read_bytes()


def test_a_certificate_of_the_environment_that_is_missing_is_none(store, monkeypatch, tmp_path):
    monkeypatch.setenv("X509_USER_PROXY", "/nowhere/x509up")
    store()
    assert got(tmp_path) == BODY


def test_files_come_by_the_callers_proxy(store, monkeypatch, tmp_path):
    storage = store("https://storage.invalid")
    with FakeProxy(int(storage.url.rpartition(":")[2])) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        assert got(tmp_path) == BODY
        assert set(proxy.asked) == {"storage.invalid:443"}
