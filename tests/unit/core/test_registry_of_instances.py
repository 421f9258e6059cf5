"""What every service's instances have in common, at a service with nothing of its own."""

import asyncio
from dataclasses import dataclass

import pytest

from escape_vre.core import instances
from escape_vre.core.errors import ConfigurationError, NotFoundError, RemoteUnavailableError
from escape_vre.core.http import RemoteClient
from escape_vre.core.instance_models import InstanceSettings
from escape_vre.core.instances import Instances
from escape_vre.core.keyring import Keyring
from escape_vre.core.network import Network, authorities
from escape_vre.core.proxies import Proxies
from escape_vre.core.tls import tls_context
from escape_vre.core.tokens import EnvironmentToken, TokenChain
from escape_vre.testing.rucio import FakeRucio, fixed

TLS = tls_context(None)
LAB = {"name": "lab", "title": "Lab", "url": "https://lab.example.org"}
OTHER = {"name": "other", "url": "https://other.example.org"}


@dataclass
class Connected:
    settings: InstanceSettings
    http: RemoteClient
    tokens: TokenChain


class Labs(Instances[InstanceSettings, Connected]):
    noun = "lab"

    def connect(self, name, environment):
        settings = self._named(name)
        files, system = authorities(settings.ca_file, environment)
        network = Network(files, system, Proxies.of_caller(environment))

        def make(who):
            http = RemoteClient(
                settings.shown, tls=TLS, timeout_s=settings.timeout_s, pace=self._pace(settings)
            )
            sources = [EnvironmentToken("LAB_TOKEN")]
            return Connected(settings, http, self._chain(settings, lambda: sources, hint="Set it."))

        return self._kept(settings, network, environment, make)


def labs(state, *entries):
    where = [(f"Labs.instances[{n}]", entry) for n, entry in enumerate(entries)]
    return Labs(InstanceSettings, where, Keyring(state))


def test_the_first_is_the_default_and_an_unknown_one_is_said(tmp_path):
    found = labs(tmp_path, LAB, OTHER)
    assert found.connect(None, {}).settings.name == "lab"
    assert found.connect("other", {}).settings.shown == "other"
    with pytest.raises(NotFoundError, match="There is no lab called x") as caught:
        found.connect("x", {})
    assert caught.value.hint == "There are: lab, other."


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([LAB, LAB], r"Labs.instances\[1\]: the name lab is used twice"),
        ([{**LAB, "url": "lab.example.org"}], r"Labs.instances\[0\].url: "),
        ([{**LAB, "colour": "red"}], r"Labs.instances\[0\].colour: "),
        ([{**LAB, "auth": "oidc"}], r"Labs.instances\[0\]: .*needs an issuer"),
        ([{**LAB, "requests_per_minute": 0}], r"requests_per_minute: "),
        ([{**LAB, "deadline_s": 600}], r"deadline_s: "),
    ],
)
def test_a_wrong_entry_is_named(tmp_path, entries, said):
    with pytest.raises(ConfigurationError, match=said):
        labs(tmp_path, *entries)


def test_a_caller_is_who_its_variables_say(tmp_path):
    found = labs(tmp_path, {**LAB, "auth": "environment"})
    anna, ben = ({"LAB_TOKEN": name} for name in ("anna", "ben"))
    assert found.connect("lab", anna) is found.connect(None, anna)
    assert found.connect("lab", anna) is not found.connect("lab", ben)
    by_proxy = {**anna, "HTTPS_PROXY": "http://proxy.example.org:3128"}
    assert found.connect("lab", by_proxy) is not found.connect("lab", anna)

    async def tokens():
        return [(await found.connect("lab", one).tokens.get(one)).value for one in (anna, ben)]

    assert asyncio.run(tokens()) == ["anna", "ben"]


@pytest.mark.parametrize(
    "entry",
    [
        {"auth": "hub"},
        {"auth": "oidc", "issuer": "https://idp.example.org", "client_id": "c"},
    ],
)
def test_with_a_hub_or_a_provider_all_callers_are_one_person(tmp_path, entry):
    found = labs(tmp_path, {**LAB, **entry})
    assert found.connect("lab", {"LAB_TOKEN": "a"}) is found.connect("lab", {})
    assert (found.identity(found.connect("lab", {}).settings) is None) == (entry["auth"] == "hub")


def test_only_so_many_connections_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(instances, "KEPT", 2)
    found = labs(tmp_path, {**LAB, "auth": "environment"})
    a, b, c = ({"LAB_TOKEN": name} for name in "abc")
    first, second = found.connect("lab", a), found.connect("lab", b)
    assert found.connect("lab", a) is first, "used last"
    found.connect("lab", c)
    assert found.connect("lab", a) is first
    assert found.connect("lab", b) is not second


def test_all_callers_share_the_limit_of_a_server(tmp_path):
    with FakeRucio() as server:
        server.says("/x", fixed([]))
        entry = {**LAB, "url": server.url, "auth": "environment", "requests_per_minute": 1}
        found = labs(tmp_path, entry, {**OTHER, "url": server.url, "requests_per_minute": 1})

        async def ask(name, environment):
            return await found.connect(name, environment).http.request("GET", server.url + "/x")

        async def scene():
            await ask("lab", {"LAB_TOKEN": "a"})
            for name, environment in (("lab", {"LAB_TOKEN": "b"}), ("other", {})):
                with pytest.raises(RemoteUnavailableError, match="requests a minute"):
                    await ask(name, environment)
            await found.close()

        asyncio.run(scene())
        assert server.asked["/x"] == 1
