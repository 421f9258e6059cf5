"""Rules are seen through, at the pace and with the trouble that a test asks for."""

import uuid

import pytest

from escape_vre.local.lake import LakeError
from escape_vre.local.lake.behaviour import bytes_stored
from escape_vre.local.lake.rest import path
from escape_vre.local.lake.upload import place
from escape_vre.testing.waiting import wait_until


@pytest.fixture
def link(lake):
    """The lake, whose transfers are as after its start again at the end."""
    yield lake
    lake.transfers_take(0)
    for site in lake.sites:
        lake.mend_transfers(site)


class Dataset:
    """Three files at the first site, and what Rucio says about them."""

    def __init__(self, lake, *, size=1):
        self.lake = lake
        self.name = f"moved-{uuid.uuid4().hex}"
        self.files = {f"{self.name}.{n}": b"%d" % n * size for n in range(3)}
        lake.upload_many("user.demo", self.name, self.files.items())
        self.did = {"scope": "user.demo", "name": self.name}

    def rule(self, account="demo", **more):
        """Ask for a copy at the second site; gives the rule's id."""
        wish = {"account": "demo", "copies": 1, "rse_expression": self.lake.sites[1]}
        with self.lake.rest(account) as rest:
            rest.call(
                "POST", "/rules/", {"dids": [self.did], "grouping": "DATASET", **wish, **more}
            )
            return self.rules()[0]["id"]

    def rules(self):
        with self.lake.rest("demo") as rest:
            return rest.call("GET", path("dids", "user.demo", self.name, "rules"))

    def state(self):
        return next((rule["state"] for rule in self.rules()), None)

    def requests(self):
        """Give the states of the transfers of its files."""
        found = []
        with self.lake.rest() as rest:
            for name in self.files:
                try:
                    where = path("requests", "user.demo", name, self.lake.sites[1])
                    found += [one["state"] for one in rest.call("GET", where)]
                except LakeError:
                    continue
        return found

    def copies(self):
        """Give the bytes that are at the second site."""
        site = self.lake.sites[1]
        places = [place(self.lake.layout, site, "user.demo", name) for name in self.files]
        return [one.read_bytes() for one in places if one.exists()]


@pytest.fixture
def dataset(lake):
    return Dataset(lake)


def test_transfers_take_as_long_as_is_asked(link, dataset):
    link.transfers_take(3600)
    dataset.rule()
    wait_until(lambda: dataset.requests() == ["SUBMITTED"] * 3)
    (rule,) = dataset.rules()
    assert (rule["state"], rule["locks_replicating_cnt"]) == ("REPLICATING", 3)
    assert not dataset.copies()
    with link.rest() as rest:
        rest.call("PUT", path("rules", rule["id"]), {"options": {"priority": 5}})
    link.transfers_take(0.1)
    wait_until(lambda: dataset.state() == "OK")
    assert dataset.copies() == list(dataset.files.values())


def test_a_rule_that_is_deleted_ends_its_transfers(link, dataset):
    link.transfers_take(3600)
    rule = dataset.rule()
    wait_until(lambda: dataset.requests() == ["SUBMITTED"] * 3)
    with link.rest() as rest:
        rest.call("PUT", path("rules", rule), {"options": {"lifetime": 0}})
    wait_until(lambda: not dataset.rules() and not dataset.requests())
    link.transfers_take(0)
    other = Dataset(link)
    other.rule()
    wait_until(lambda: other.state() == "OK")
    assert not dataset.copies()


@pytest.mark.parametrize("end", [0, 1], ids=["source", "destination"])
def test_a_broken_link_makes_rules_stuck_and_a_mended_one_ends_that(link, dataset, end):
    link.break_transfers(link.sites[end])
    dataset.rule()
    wait_until(lambda: dataset.state() == "STUCK")
    (rule,) = dataset.rules()
    side = ("SOURCE", "DESTINATION")[end]
    assert f"TRANSFER_FAILED:{side} [111]" in rule["error"]
    assert "Connection refused" in rule["error"]
    assert rule["locks_stuck_cnt"] == 3
    link.mend_transfers(link.sites[end])
    wait_until(lambda: dataset.state() == "OK")
    assert dataset.copies() == list(dataset.files.values())


def test_the_reason_can_be_chosen(link, dataset):
    link.break_transfers(link.sites[1], reason="TRANSFER [110] TRANSFER Operation timed out")
    dataset.rule()
    wait_until(lambda: dataset.state() == "STUCK")
    assert dataset.rules()[0]["error"].endswith("TRANSFER [110] TRANSFER Operation timed out")
    with pytest.raises(LakeError, match="no site NOWHERE"):
        link.break_transfers("NOWHERE")


def test_a_site_without_room(link):
    # What other tests' rules may still bring is small.
    dataset = Dataset(link, size=4000)
    link.limit_storage(link.sites[1], bytes_stored(link.layout.site(link.sites[1])) + 9000)
    try:
        dataset.rule()
        wait_until(lambda: dataset.state() == "STUCK")
        (rule,) = dataset.rules()
        assert rule["error"].endswith(
            "Copy failed (3rd pull). Last attempt: HTTP 507 : Insufficient Storage"
        )
        assert (rule["locks_ok_cnt"], rule["locks_stuck_cnt"]) == (2, 1)
    finally:
        link.limit_storage(link.sites[1], None)
    wait_until(lambda: dataset.state() == "OK")


def test_a_file_that_its_site_lost(link, dataset):
    place(link.layout, link.sites[0], "user.demo", f"{dataset.name}.1").unlink()
    dataset.rule()
    wait_until(lambda: dataset.state() == "STUCK")
    (rule,) = dataset.rules()
    assert rule["error"].endswith("SOURCE [2] HTTP 404 : File not found")
    assert (rule["locks_ok_cnt"], rule["locks_stuck_cnt"]) == (2, 1)


def test_a_replica_that_is_declared_bad_is_copied_again(link, dataset):
    dataset.rule()
    wait_until(lambda: dataset.state() == "OK")
    name = f"{dataset.name}.2"
    copy = place(link.layout, link.sites[1], "user.demo", name)
    copy.write_bytes(b"!")
    with link.rest() as rest:
        body = {"dids": [{"scope": "user.demo", "name": name}], "rse": link.sites[1]}
        rest.call("POST", "/replicas/bad/dids", {**body, "reason": "other bytes"})
    wait_until(lambda: copy.exists() and copy.read_bytes() == b"2")
    wait_until(lambda: dataset.state() == "OK")


def test_rules_that_wait_are_injected(link, dataset):
    rule = dataset.rule(ask_approval=True)
    assert dataset.state() == "WAITING_APPROVAL"
    with link.rest() as rest:
        rest.call("PUT", path("rules", rule), {"options": {"approve": True}})
    wait_until(lambda: dataset.state() == "OK")
    later = Dataset(link)
    later.rule(asynchronous=True)
    wait_until(lambda: later.state() == "OK")


def test_a_subscription_makes_rules_for_what_comes_after_it(link):
    stem = f"nightly-{uuid.uuid4().hex}"
    options = {
        "filter": {"scope": ["user.demo"], "pattern": f"{stem}.*", "did_type": ["DATASET"]},
        "replication_rules": [
            {"copies": 1, "rse_expression": link.sites[1], "activity": "User Subscriptions"}
        ],
        "comments": "nightly",
        "lifetime": 86400,
        "retroactive": False,
        "dry_run": False,
        "priority": 3,
    }

    def dataset(name):
        with link.rest("demo") as rest:
            rest.call("POST", path("dids", "user.demo", name), {"type": "DATASET"})

    def rules(name):
        with link.rest("demo") as rest:
            return rest.call("GET", path("dids", "user.demo", name, "rules"))

    other = Dataset(link)
    dataset(f"{stem}.before")
    other.rule()
    # The daemons have gone past the first.
    wait_until(lambda: other.state() == "OK")
    with link.rest() as rest:
        rest.call("POST", path("subscriptions", "demo", stem), {"options": options})
        try:
            dataset(f"{stem}.after")
            wait_until(lambda: rules(f"{stem}.after"))
            (rule,) = rules(f"{stem}.after")
            assert rule["rse_expression"] == link.sites[1]
            assert rule["subscription_id"]
            assert not rules(f"{stem}.before")
        finally:
            stopped = {"options": {"state": "I"}}
            rest.call("PUT", path("subscriptions", "demo", stem), stopped)
