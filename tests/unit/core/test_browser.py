"""A browser may call what is listed, and nothing else."""

import json

import pytest

from escape_vre.agent.openapi import document
from escape_vre.core.browser import BrowserRoutes
from escape_vre.core.errors import ConfigurationError
from escape_vre.core.plugin import Plugin
from escape_vre.core.registry import Installed, installed

NOT_FOR_BROWSERS = {
    ("POST", "/tokens"),
    ("GET", "/datalake/path"),
    ("POST", "/datalake/sources"),
}


@pytest.fixture(scope="module")
def routes():
    return BrowserRoutes(installed())


def test_every_route_of_the_api_is_decided_on(routes):
    """A new route is closed to browsers until it is listed; what is not, is named here."""
    paths = json.loads(document())["paths"]
    every = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    closed = {
        (method, path)
        for method, path in every
        if not routes.allow(method, path.replace("{job_id}", "1").replace("{sign_in_id}", "1"))
    }
    assert closed == NOT_FOR_BROWSERS


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("POST", "/tokens"),
        ("POST", "/%74okens"),
        ("POST", "/tokens?x=1"),
        ("POST", "/tokens/"),
        ("POST", "//tokens"),
        ("POST", "/jobs/../tokens"),
        ("POST", "/jobs/%2E%2E/tokens"),
        ("POST", "/tokens%00"),
        ("POST", "/jobs/1/cancel%0A"),
        ("POST", "/sign-ins/1%2Fx/cancel"),
        ("GET", "/datalake/credentials"),
        ("POST", "/datalake/sources"),
        ("POST", "/datalake/%73ources"),
        ("GET", "/datalake"),
        ("GET", "/other/dids"),
        ("DELETE", "/datalake/dids"),
        ("PUT", "/jobs"),
        ("", ""),
    ],
)
def test_what_is_not_listed_is_closed(routes, method, target):
    assert not routes.allow(method, target)


def test_a_service_lists_its_own():
    mine = Plugin("mine", "Mine", (), (), "", "", "", browser=("GET /rows",))
    routes = BrowserRoutes(Installed({"mine": mine}))
    assert routes.allow("GET", "/mine/rows?n=1")
    assert not routes.allow("GET", "/mine/secret")
    assert not routes.allow("POST", "/mine/rows")


def test_a_service_that_cannot_be_used_may_say_so_to_browsers():
    broken = {"mine": ConfigurationError("It cannot be used.")}
    routes = BrowserRoutes(Installed(broken=broken))
    assert routes.allow("POST", "/mine/rows?n=1")
    assert not routes.allow("GET", "/mine")
    assert not routes.allow("GET", "/other/mine/")
