"""A storage's refusal says that our certificate is missing or has expired."""

from datetime import UTC, datetime, timedelta

import pytest
import trustme

from escape_vre.services.datalake.models import LakeSettings
from escape_vre.services.datalake.network import network
from escape_vre.services.datalake.storage import LakeStorage
from escape_vre.testing.rucio import fixed, listed
from escape_vre.testing.storage import FakeStorage


def issue(file, *, days):
    end = datetime.now(UTC) + timedelta(days=days)
    made = trustme.CA().issue_cert("me", not_after=end)
    made.private_key_and_cert_chain_pem.write_to_path(file)
    return str(file)


def problem(environment, **settings):
    entry = LakeSettings(name="lab", url="https://rucio.example.org", **settings)
    storage = LakeStorage(
        entry,
        network=network(entry, environment),
        tokens=None,
        rucio=None,
        environment=environment,
    )
    return storage.problem()


@pytest.mark.parametrize("name", ["X509_USER_PROXY", "RUCIO_CLIENT_PROXY"])
def test_a_missing_certificate_is_named_with_its_variable(tmp_path, name):
    missing = tmp_path / "x509up"
    assert problem({name: str(missing)}) == f"{name} names {missing}, which does not exist."
    issue(missing, days=1)
    assert problem({name: str(missing)}) == ""


def test_an_expired_certificate_is_named_with_its_end(tmp_path):
    old = issue(tmp_path / "old", days=-1)
    for found in (problem({"X509_USER_PROXY": old}), problem({}, storage_cert_file=old)):
        assert found.startswith(f"The certificate in {old} expired on ")
    new = issue(tmp_path / "new", days=1)
    missing = {"X509_USER_PROXY": str(tmp_path / "none")}
    assert problem(missing, storage_cert_file=new) == problem({}) == ""


def test_a_refusal_says_it(agent, rucio, tmp_path, monkeypatch):
    monkeypatch.setattr(LakeStorage, "problem", lambda _: "The certificate has expired.")
    with FakeStorage() as storage:
        url = storage.put("a", b"abc")
        storage.files["a"].status = 403
        row = {"scope": "t", "name": "a", "type": "FILE", "bytes": 3, "pfns": {url: {}}}
        rucio.says("/dids/t/a", fixed(row))
        rucio.says("/replicas/list", listed(row))
        _, job = agent.ask("/datalake/get", {"refs": ["t:a"], "to": str(tmp_path), "client": "me"})
        error = agent.ask(f"/jobs/{job['id']}", wait_s=60)[1]["error"]
    assert error["message"].endswith("(403). The certificate has expired.")
    assert "voms-proxy-init" in error["hint"]
