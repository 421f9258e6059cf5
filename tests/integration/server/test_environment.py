"""What the panel's requests carry of the server's variables."""

from escape_vre.client import AgentClient
from escape_vre.testing.rucio import FakeRucio


def test_a_variable_that_the_configuration_names_is_sent(start_server, configure, monkeypatch):
    monkeypatch.setenv("MY_RUCIO_TOKEN", "t")
    with FakeRucio() as rucio:
        entry = {"name": "vre", "display_name": "VRE", "rucio_base_url": rucio.url}
        entry |= {"oidc_auth": "env", "oidc_env_name": "MY_RUCIO_TOKEN"}
        configure(RucioConfig={"instances": [entry]})
        server = start_server()
        assert server.json("GET", "escape-vre/datalake/whoami")["account"] == "jdoe"
        # An agent that another client has started is asked, too.
        AgentClient().post("/agent/stop")
        monkeypatch.delenv("MY_RUCIO_TOKEN")
        AgentClient().get("/agent")
        assert server.json("GET", "escape-vre/datalake/whoami")["account"] == "jdoe"
        assert rucio.headers_of("/accounts/whoami")["x-rucio-auth-token"] == "t"
