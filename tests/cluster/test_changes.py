"""What an administrator changes at a site where people are at work."""

import pytest
from playwright.sync_api import expect

from escape_vre.testing.waiting import wait_until
from tests.cluster.errors import ClusterError
from tests.cluster.kubectl import get

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def alice(site, enter):
    """Alice, at work; the site is as it was again afterwards."""
    alice = enter("alice")
    alice.open()
    expect(alice.panel.get_by_role("treeitem", name="Scope demo")).to_be_visible()
    before = site.release.given()
    yield alice
    if site.release.given() != before:
        site.install()


def escape(**values):
    return {"global": {"escape": values}}


def goes_on(alice):
    """Assert that her server works, in a page that she never left.

    While the way to it is cut, Lab may open a dialog, which takes the Enter of a search.
    """

    def listed():
        alice.find("demo:cta")
        try:
            expect(alice.row("cta.events")).to_be_visible(timeout=20_000)
        except AssertionError:
            return False
        return True

    wait_until(listed, what="a list after the change")
    alice.find("demo:")


def test_an_upgrade_restarts_the_hub_and_no_server(site, alice):
    servers, hub = site.servers(), site.release.pods("component=hub")
    site.install(escape(user={"config": {"Transfers": {"connections": 3}}}))
    assert site.release.pods("component=hub") != hub
    assert site.servers() == servers
    goes_on(alice)
    # It is in what is started from now on.
    alice.stop()
    alice.open()
    told = site.inside("alice", "cat", "/etc/jupyter/escape_vre_config.d/50-hub.json")
    assert '"connections": 3' in told


def test_an_upgrade_to_the_same_changes_nothing(site, alice):
    site.install()
    # The pods of the check before come and go.
    before = site.servers(), site.release.pods("component"), token_of_helm_test(site)
    site.install()
    after = site.servers(), site.release.pods("component"), token_of_helm_test(site)
    assert after == before


def token_of_helm_test(site):
    return get("secret", "escape-vre-test", "-n", site.release.name)["data"]["token"]


def refused(case, idp):
    """Return bad values, and what is to be said of them."""
    if case == "typo":
        return escape(lokes=[]), "lokes"
    if case == "secret":
        return {"jupyterhub": {"hub": {"existingSecret": "other"}}}, "no Secret called other"
    return escape(login={"issuer": f"{idp.issuer}x"}), "global.escape.login.issuer"


@pytest.mark.parametrize("case", ["typo", "secret", "issuer"])
def test_bad_values_are_refused_before_anything_changes(site, alice, case):
    values, said = refused(case, site.idp)
    before = site.servers(), site.release.pods("component=hub")
    with pytest.raises(ClusterError) as error:
        site.install(values)
    assert said in str(error.value)
    assert (site.servers(), site.release.pods("component=hub")) == before
    goes_on(alice)


def test_a_failed_upgrade_is_rolled_back(site, alice):
    servers = site.servers()
    broken = {"jupyterhub": {"hub": {"config": {"JupyterHub": {"db_url": "nonsense://"}}}}}
    with pytest.raises(ClusterError):
        site.install(broken, options=("--rollback-on-failure", "--timeout=45s"))
    assert site.release.status() == "deployed"
    hub = get("deployment", "hub", "-n", site.release.name)
    assert hub["status"].get("readyReplicas") == 1
    assert site.servers() == servers
    goes_on(alice)


def test_a_rollback_restores_what_was(site, alice):
    site.install(escape(login={"title": "Somewhere else"}))
    servers, newest = site.servers(), site.release.revision()
    site.release.rollback()
    assert site.release.revision() == newest + 1
    assert site.servers() == servers
    assert "Somewhere else" not in site.release.given()
    goes_on(alice)
