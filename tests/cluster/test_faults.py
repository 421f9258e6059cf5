"""Bad luck: what ends, ends for itself alone, and what was under way goes on."""

import subprocess

import pytest
from playwright.sync_api import expect

from escape_vre.testing.waiting import wait_until
from tests.cluster import node, processes
from tests.cluster.conftest import LIFETIME_S
from tests.cluster.kubectl import command, environment, kubectl
from tests.cluster.places import NODE, given_kubeconfig

pytestmark = pytest.mark.cluster


def kill_hub(site):
    """End the hub as a node that burns does; Kubernetes starts another."""
    (pod,) = site.release.pods("component=hub")
    kubectl("delete", "pod", pod, "-n", site.release.name, "--grace-period=0", "--force")
    return pod


def hub_is_back(site, killed):
    def others():
        return set(site.release.pods("component=hub")) - {killed}

    (pod,) = wait_until(others, what="another hub")
    ready = ("--for=condition=Ready", "--timeout=120s")
    kubectl("wait", f"pod/{pod}", "-n", site.release.name, *ready, timeout_s=130)
    site.release.wait_for_hub()


def stop(person):
    """Stop somebody's server; return once nothing is left of it."""
    label = person.site.label(person.name)
    person.stop()
    wait_until(lambda: not person.site.release.pods(label), what="the server's end")


def test_a_hub_that_ends_while_a_server_starts_costs_no_more_than_a_click(site, enter):
    bob = enter("bob")
    bob.open()
    kept = site.claim("bob")
    stop(bob)
    bob.page.goto(f"{site.url}hub/spawn/bob")
    wait_until(lambda: site.release.pods(site.label("bob")), what="a pod")
    hub_is_back(site, kill_hub(site))

    def arrives():
        # JupyterHub's page of a server that it looks for does not go on by itself.
        answer = bob.page.goto(f"{site.url}user/bob/lab")
        return answer.status != 503 and "spawn-pending" not in bob.page.url

    wait_until(arrives, what="an answer")
    bob.open()
    expect(bob.panel).to_contain_text("bob")
    assert len(site.release.pods(site.label("bob"))) == 1
    assert site.claim("bob") == kept


def test_a_hub_that_ends_while_a_token_is_asked_for_is_waited_for(site, enter):
    alice = enter("alice")
    alice.open()
    alice.find("demo:cta")
    expect(alice.row("cta.events")).to_be_visible()
    alice.page.wait_for_timeout(LIFETIME_S * 1000)  # so that no token is left that is still good
    site.idp.pause()  # so that the request is under way for as long as we like
    get = ("escape-vre", "dl", "get", "demo:lofar.images")
    where = ("-n", site.release.name, site.server("alice"), "-c", "notebook")
    try:
        asking = subprocess.Popen(
            command("/usr/bin/env", "kubectl", "exec", *where, "--", *get),
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        job = "lofar.images"
        wait_until(lambda: job in site.inside("alice", "escape-vre", "dl", "jobs"), what="a job")
        hub_is_back(site, kill_hub(site))
    finally:
        site.idp.resume()
    said, _ = asking.communicate(timeout=120)
    assert asking.returncode == 0, said
    assert alice.has("data/demo/lofar.images")
    alice.find("demo:vo")
    expect(alice.row("vo.neighbours")).to_be_visible()
    expect(alice.page.get_by_text("Sign in")).to_have_count(0)


@pytest.mark.skipif(given_kubeconfig() is not None, reason="not our node to stop")
def test_a_node_whose_kubelet_and_containerd_restart_keeps_its_pods(site, enter, alone):
    alice = enter("alice")
    alice.open()
    bob = enter("bob")
    bob.open()
    stop(bob)
    servers = site.servers()
    processes.stop("kubelet")
    processes.stop("containerd")
    # Containers need neither: she works on.
    alice.find("demo:fermi.photons")
    expect(alice.row("fermi.photons")).to_be_visible()
    node.start_containerd()
    node.start_kubelet()
    kubectl("wait", f"node/{NODE}", "--for=condition=Ready", "--timeout=90s")
    bob.open()  # a server can be started again
    assert site.servers().items() >= servers.items()
    alice.find("demo:cta")
    expect(alice.row("cta.events")).to_be_visible()
