"""The configuration of rucio-jupyterlab, as its schema and its users write it."""

import logging

import pytest

from escape_vre.services.datalake.models import LakeSettings
from escape_vre.services.datalake.peer import Peer
from escape_vre.services.datalake.reading.ways import path_of


@pytest.fixture
def entry(rucio):
    return {
        "name": "vre",
        "display_name": "VRE",
        "rucio_base_url": rucio.url,
        "rucio_auth_url": rucio.url,
        "mode": "download",
    }


@pytest.fixture
def configured(caller, tmp_path):
    """Configure RucioConfig, and nothing else."""

    def configuring(*entries, **group):
        caller.config = {"RucioConfig": {"instances": list(entries), **group}}
        return caller

    caller.variables["HOME"] = str(tmp_path)
    return configuring


def test_a_token_in_a_file(configured, rucio, entry, tmp_path):
    (tmp_path / "token").write_text("t")
    caller = configured({**entry, "oidc_auth": "file", "oidc_file_name": str(tmp_path / "token")})
    assert caller.ask("/datalake/whoami")[0] == 200
    assert rucio.headers_of("/accounts/whoami")["x-rucio-auth-token"] == "t"


def test_a_token_in_a_variable_of_any_name(configured, rucio, entry):
    caller = configured({**entry, "oidc_auth": "env", "oidc_env_name": "MY_TOKEN"})
    caller.variables["MY_TOKEN"] = "t"
    assert caller.ask("/agent")[1]["variables"] == ["MY_TOKEN"]
    assert caller.ask("/datalake/whoami")[0] == 200
    assert rucio.headers_of("/accounts/whoami")["x-rucio-auth-token"] == "t"


def test_a_variable_that_no_configuration_names_is_not_taken(configured, entry):
    caller = configured({**entry, "oidc_auth": "env", "oidc_env_name": "MY_TOKEN"})
    caller.variables["OTHER_TOKEN"] = "t"
    _, answer = caller.ask("/datalake/whoami")
    assert answer["error"]["code"] == "auth"
    assert "MY_TOKEN" in answer["error"]["hint"]


@pytest.mark.parametrize("half", [{"oidc_auth": "file"}, {"oidc_auth": "env"}, {}])
def test_without_a_name_the_usual_variable_is_read(configured, entry, half):
    caller = configured({**entry, **half})
    caller.variables["RUCIO_AUTH_TOKEN"] = "t"
    assert caller.ask("/datalake/whoami")[0] == 200


def test_the_default_instance(configured, entry):
    caller = configured(entry, {**entry, "name": "two"}, default_instance="two")
    caller.variables["RUCIO_AUTH_TOKEN"] = "t"
    assert caller.ask("/datalake/whoami")[1]["instance"] == "two"
    names = [one["name"] for one in caller.ask("/datalake/instances")[1]["instances"]]
    assert names == ["two", "vre"]


@pytest.mark.parametrize("default", [None, "", "three"])
def test_a_default_that_is_none_of_them(configured, entry, default):
    caller = configured(entry, {**entry, "name": "two"}, default_instance=default)
    names = [one["name"] for one in caller.ask("/datalake/instances")[1]["instances"]]
    assert names == ["vre", "two"]


def test_a_vo(configured, rucio, entry):
    caller = configured({**entry, "vo": "skt"})
    caller.variables["RUCIO_AUTH_TOKEN"] = "t"
    assert caller.ask("/datalake/whoami")[0] == 200
    assert rucio.headers_of("/accounts/whoami")["x-rucio-vo"] == "skt"


def test_what_is_passed_over_is_said_once(configured, entry, caplog):
    replica = {
        "mode": "replica",
        "destination_rse": "EOS",
        "rse_mount_path": "/eos",
        "path_begins_at": 4,
        "replication_rule_lifetime_days": 7,
        "voms_enabled": True,
        "site_name": "CERN",
    }
    caller = configured({**entry, **replica}, default_auth_type="oidc", log_level="debug")
    with caplog.at_level(logging.WARNING):
        assert caller.ask("/datalake/instances")[0] == 200
    (group,) = [one for one in caplog.messages if one.startswith("RucioConfig:")]
    (one,) = [one for one in caplog.messages if one.startswith("RucioConfig.instances[0]")]
    for key in ("default_auth_type", "log_level"):
        assert key in group
    for key in replica.keys() - {"destination_rse", "rse_mount_path", "path_begins_at"}:
        assert key in one
    assert "display_name" not in one
    assert "path" not in one


def test_what_its_replica_mode_uses_in_place_is_a_mount(entry):
    """As ``translate_pfn_to_path`` of its ``mode_handlers/replica.py``."""
    replica = {"destination_rse": "EOS", "rse_mount_path": "/eos/rucio", "path_begins_at": 2}
    pfn = "root://eos.example.org:1094//eos/escape/a/b/m31.fits"

    def mounts(**more):
        ((_, found),) = Peer({"instances": [{**entry, **more}]}).entries()
        return LakeSettings(**found).mounts

    (mount,) = mounts(**replica, mode="replica")
    assert path_of(pfn, "EOS", mount) == "/eos/rucio/a/b/m31.fits"
    assert path_of(pfn, "OTHER", mount) is None
    assert mounts(**replica) == ()  # its mode is download
    assert mounts(destination_rse="EOS", mode="replica") == ()


REMOTE = {"name": "far", "display_name": "Far", "$url": "https://example.org/config.json"}


class TestElsewhere:
    """An entry that is described at a URL."""

    def test_it_is_said_and_spoils_no_other(self, configured, entry):
        caller = configured(REMOTE, entry)
        caller.variables["RUCIO_AUTH_TOKEN"] = "t"
        assert caller.ask("/datalake/whoami")[0] == 200
        _, answer = caller.ask("/datalake/whoami", instance="far")
        assert answer["error"]["code"] == "configuration"
        assert "https://example.org/config.json" in answer["error"]["message"]

    def test_it_is_said_where_there_is_no_other(self, configured):
        _, answer = configured(REMOTE).ask("/datalake/whoami")
        assert "https://example.org/config.json" in answer["error"]["message"]

    def test_what_is_written_beside_it_counts(self, configured, entry):
        caller = configured({**REMOTE, **entry})
        caller.variables["RUCIO_AUTH_TOKEN"] = "t"
        assert caller.ask("/datalake/whoami")[0] == 200
