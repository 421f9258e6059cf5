"""An ordinary account may do what the policy says, and no more: docs/developer/lake.md has it."""

import re
import uuid
from pathlib import Path

import pytest

from escape_vre.local.lake import Lake, LakeError
from escape_vre.local.lake.rest import path

from .asking import ask, token_of

DOCS = (Path(__file__).parents[3] / "docs/developer/lake.md").read_text()
ROW = re.compile(r"^\| [^|]+ \| `([a-z_]+)` \| (yes|no) \| (yes|no) \|$", re.MULTILINE)


@pytest.fixture(scope="module")
def escape(tmp_path_factory):
    """A lake with ESCAPE's own permissions and schema."""
    lake = Lake(tmp_path_factory.mktemp("escape"), policy="escape")
    lake.start(tied=True)
    yield lake
    lake.stop()


@pytest.fixture(params=["generic", "escape"])
def policed(request):
    """The lake of a policy."""
    return request.getfixturevalue("lake" if request.param == "generic" else "escape")


class Trial:
    """One account's attempts, each with data of its own, prepared by root.

    Every method returns the request that the account is to try.
    """

    def __init__(self, lake, root):
        self.lake, self.root = lake, root
        self.site = lake.sites[0]
        self.name = f"trial-{uuid.uuid4().hex}"
        self.did = ("user.demo", self.name)

    def _file(self, **more):
        return {"scope": "user.demo", "name": self.name, "bytes": 3, "adler32": "024d0127", **more}

    def _stored(self):
        self.root.add_files(self.site, [self._file()])
        return {"scope": "user.demo", "name": self.name}

    def _dataset(self):
        self.root.call("POST", path("dids", *self.did), {"type": "DATASET"})

    def _rule(self, **more):
        self._dataset()
        did = {"scope": "user.demo", "name": self.name}
        return {
            "dids": [did],
            "account": "demo",
            "copies": 1,
            "rse_expression": self.site,
            "grouping": "DATASET",
            **more,
        }

    def _existing_rule(self):
        self.root.call("POST", "/rules/", self._rule())
        return self.root.call("GET", path("dids", *self.did, "rules"))[0]["id"]

    def _pfn(self):
        found = self.root.call("POST", "/replicas/list", {"dids": [self._stored()]})
        return found[0]["rses"][self.site][0]

    def add_replicas(self):
        body = {"rse": self.site, "files": [self._file(state="A")], "ignore_availability": False}
        return "POST", "/replicas", body

    def add_replicas_of_known_files(self):
        self.root.add_files(self.lake.sites[1], [self._file()])
        return self.add_replicas()

    def update_replicas_states(self):
        return "PUT", "/replicas", {"rse": self.site, "files": [{**self._stored(), "state": "A"}]}

    def add_did(self):
        return "POST", path("dids", *self.did), {"type": "DATASET"}

    def add_dids(self):
        return "POST", "/dids", [{"scope": "user.demo", "name": self.name, "type": "DATASET"}]

    def attach_dids(self):
        self._dataset()
        photons = {"scope": "demo", "name": "fermi.photons.fits"}
        return "POST", path("dids", *self.did, "dids"), {"dids": [photons]}

    def attach_new(self):
        self._dataset()
        file = {**self._file(state="A"), "name": f"{self.name}.file"}
        return "POST", path("dids", *self.did, "dids"), {"dids": [file], "rse": self.site}

    def detach_dids(self):
        _, where, body = self.attach_dids()
        self.root.call("POST", where, body)
        return "DELETE", where, body

    def close(self):
        self._dataset()
        return "PUT", path("dids", *self.did, "status"), {"open": False}

    def reopen(self):
        _, where, closed = self.close()
        self.root.call("PUT", where, closed)
        return "PUT", where, {"open": True}

    def set_metadata(self):
        self._dataset()
        return "POST", path("dids", *self.did, "meta", "target"), {"value": "Crab"}

    def set_metadata_bulk(self):
        self._dataset()
        body = {"meta": {"target": "Crab"}, "recursive": False}
        return "POST", path("dids", *self.did, "meta"), body

    def delete_metadata(self):
        _, where, body = self.set_metadata()
        self.root.call("POST", where, body)
        return "DELETE", path("dids", *self.did, "meta") + "?key=target", None

    def set_lifetime(self):
        self._dataset()
        return "POST", path("dids", *self.did, "meta", "lifetime"), {"value": 86400}

    def add_rule(self):
        return "POST", "/rules/", self._rule()

    def add_rule_ask_approval(self):
        return "POST", "/rules/", self._rule(ask_approval=True)

    def add_rule_locked(self):
        return "POST", "/rules/", self._rule(locked=True)

    def update_rule(self):
        return "PUT", path("rules", self._existing_rule()), {"options": {"lifetime": 86400}}

    def move_rule(self):
        rule = self._existing_rule()
        body = {"rule_id": rule, "rse_expression": self.lake.sites[1]}
        return "POST", path("rules", rule, "move"), body

    def reduce_rule(self):
        body = {"copies": 1, "exclude_expression": None}
        return "POST", path("rules", self._existing_rule(), "reduce"), body

    def delete_rule(self):
        return "DELETE", path("rules", self._existing_rule()), {"purge_replicas": None}

    def add_subscription(self):
        options = {
            "filter": {"scope": ["user.demo"]},
            "replication_rules": [{"copies": 1, "rse_expression": self.site, "activity": "Debug"}],
            "comments": "",
            "lifetime": 1000,
            "retroactive": False,
            "dry_run": False,
            "priority": 3,
        }
        return "POST", path("subscriptions", "demo", self.name), {"options": options}

    def declare_suspicious(self):
        return "POST", "/replicas/suspicious", {"pfns": [self._pfn()], "reason": "odd"}

    def declare_bad(self):
        return "POST", "/replicas/bad", {"replicas": [self._pfn()], "reason": "lost"}

    def delete_replicas(self):
        return "DELETE", "/replicas", {"rse": self.site, "files": [self._stored()]}

    def add_scope(self):
        return "POST", path("accounts", "demo", "scopes", self.name[:25]), None

    def set_limit(self):
        where = path("accounts", "demo", "limits", "local", self.site)
        return "POST", where, {"bytes": 10**12}

    def own_usage(self):
        return "GET", path("accounts", "demo", "usage", "local"), None

    def usage_of_others(self):
        return "GET", path("accounts", "root", "usage", "local"), None

    def list_requests(self):
        north, south = self.lake.sites
        return "GET", f"/requests/list?src_rse={north}&dst_rse={south}&request_states=Q", None


KEYS = [name for name in vars(Trial) if not name.startswith("_")]
SAID = {key: {"generic": generic, "escape": own} for key, generic, own in ROW.findall(DOCS)}


def test_what_an_ordinary_account_may(policed):
    """The page's table lists every attempt, and has its outcome."""
    said = {key: outcomes[policed.layout.policy] for key, outcomes in SAID.items()}
    token, found = token_of(policed, "demo"), {}
    with policed.rest() as root:
        for key in KEYS:
            status, answer = ask(policed, token, *getattr(Trial(policed, root), key)())
            refused = status >= 400 and "AccessDenied" in answer
            assert refused or status < 300, (key, status, answer)
            found[key] = "no" if refused else "yes"
    assert said == found


def test_a_file_that_is_attached_with_a_site_has_its_replica(policed):
    """The one way in which an ordinary account can register a new file under both policies."""
    with policed.rest() as root, policed.rest("demo") as demo:
        trial = Trial(policed, root)
        demo.call(*trial.attach_new())
        did = {"scope": "user.demo", "name": f"{trial.name}.file"}
        (found,) = demo.call("POST", "/replicas/list", {"dids": [did]})
    assert found["states"] == {policed.sites[0]: "AVAILABLE"}
    assert found["bytes"] == 3


def test_the_scopes_of_others_are_closed(policed):
    token = token_of(policed, "demo")
    for method, where, body in (
        ("POST", "/dids/root/mine", {"type": "DATASET"}),
        ("POST", "/dids/root/mine/dids", {"dids": [{"scope": "demo", "name": "fermi.photons"}]}),
    ):
        status, said = ask(policed, token, method, where, body)
        assert status == 401, said
        assert "AccessDenied" in said


def test_each_policy_has_its_schema(lake, escape):
    slashes = path("dids", "user.demo", f"/a/{uuid.uuid4().hex}")
    with lake.rest("demo") as rest:
        rest.call("POST", slashes, {"type": "DATASET"})
    with escape.rest("demo") as rest, pytest.raises(LakeError, match="does not match"):
        rest.call("POST", slashes, {"type": "DATASET"})


def test_the_samples_are_there_under_escape(escape):
    with escape.rest("demo") as rest:
        assert len(rest.call("GET", "/dids/demo/samples/files")) == 19
        (rule,) = rest.call("GET", "/dids/demo/lofar.images/rules")
    assert rule["state"] == "OK"
    assert escape.status()["policy"] == "escape"


def test_a_lake_keeps_its_policy(escape):
    Lake(escape.home).start()
    with pytest.raises(LakeError, match="was made with the policy escape") as raised:
        Lake(escape.home, policy="generic").start()
    assert "--home" in raised.value.hint
