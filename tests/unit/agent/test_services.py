"""Services are made when they are first used, and each fails on its own."""

import re

import pytest
from traitlets.config import Config

from escape_vre.agent.services import Services
from escape_vre.core.errors import ConfigurationError
from escape_vre.core.keyring import Keyring
from escape_vre.core.plugin import Plugin
from escape_vre.core.registry import Installed
from escape_vre.core.service import NamesVariables
from escape_vre.jobs.kinds.kind import Kind
from escape_vre.jobs.models import JobRequest

HERE = __name__


class Toy:
    name = "toy"

    def __init__(self, config):
        self.config = config
        self.closed = False

    def variables(self, environment):
        return {"TOY_TOKEN"}

    async def close(self):
        self.closed = True


def create(config, keyring):
    if "wrong" in config.get("Toys", {}):
        raise ConfigurationError("Toys.wrong is not a setting.", hint="Remove it.")
    return Toy(config)


def fail(config, keyring):
    raise ZeroDivisionError("no toys")


def nothing(config, keyring):
    return None


class Play(Kind):
    name = "play"
    request = JobRequest
    unit = "steps"
    ends_unwaited = False
    keeps_server_alive = False

    async def run(self, context):
        pass


play = Play()


def plugin(name, create, *capabilities, kinds=()):
    where = tuple(f"{HERE}:{kind}" for kind in kinds)
    service, routes = f"{HERE}:{create}", f"{HERE}:none"
    return Plugin(name, name.title(), (), capabilities, "", service, routes, kinds=where)


@pytest.fixture
def services(tmp_path):
    """Return the services of some plug-ins, with a configuration that may change."""

    def make(*plugins, config=None, later=None):
        found = Installed(
            {one.name: one for one in plugins},
            {"gone": ConfigurationError("The service gone cannot be used: why.", hint="Do it.")},
            {one.name: "toys" for one in plugins},
        )

        def read():
            return Config(later or {})

        return Services(found, Config(config or {}), Keyring(tmp_path), read_config=read)

    return make


def test_a_service_is_made_once_and_when_it_is_used(services):
    found = services(plugin("toy", "create"), plugin("bad", "fail"))
    assert found.get("toy") is found.get("toy")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bad", "The service bad cannot be used: ZeroDivisionError: no toys."),
        ("none", f"The service none cannot be used: {HERE}:nothing made no service."),
        ("lost", "The service lost cannot be used: AttributeError: module"),
        ("gone", "The service gone cannot be used: why."),
        ("other", "The service other is not installed."),
    ],
)
def test_one_that_cannot_be_made_says_why_each_time(services, name, message):
    found = services(
        plugin("toy", "create"),
        plugin("bad", "fail"),
        plugin("none", "nothing"),
        plugin("lost", "no_such_function"),
    )
    errors = []
    for _ in range(2):
        with pytest.raises(ConfigurationError) as caught:
            found.get(name)
        errors.append(caught.value)
    assert errors[0] is not errors[1]  # one error for all would keep the traceback of each
    for error in errors:
        assert error.message.startswith(message)
        assert error.hint
    assert found.error("toy") is None


def test_a_wrong_setting_that_is_corrected_is_read_without_a_restart(services):
    wrong, right = {"Toys": {"wrong": 1}}, {"Toys": {"right": 1}}
    found = services(plugin("toy", "create"), config=wrong, later=right)
    with pytest.raises(ConfigurationError, match=r"Toys\.wrong"):
        found.get("toy")
    assert found.get("toy").config.Toys.right == 1


def test_only_those_that_name_a_capability_are_made_for_it(services):
    found = services(
        plugin("toy", "create", "names_variables"),
        plugin("silent", "create"),
        plugin("bad", "fail", "names_variables"),
    )
    assert [one.variables({}) for one in found.having(NamesVariables)] == [{"TOY_TOKEN"}]
    assert list(found._made) == ["toy"]


@pytest.mark.asyncio
async def test_what_was_made_is_closed(services):
    found = services(plugin("toy", "create"), plugin("bad", "fail"))
    found.make_all()
    await found.close()
    assert found.get("toy").closed


def test_kinds_of_job_are_imported_when_they_are_needed_and_fail_alone(services):
    found = services(
        plugin("toy", "create", kinds=["play"]),
        plugin("lost", "create", kinds=["no_such_kind"]),
        plugin("none", "create", kinds=["create"]),
    )
    assert found.kinds("toy") == [play]
    assert found._made == {}, "the service is not made for it"
    for name, message in (
        ("lost", "The service lost cannot be used: AttributeError"),
        ("none", f"The service none cannot be used: {HERE}:create is not a kind of job"),
        ("gone", "The service gone cannot be used"),
        ("other", "The service other is not installed"),
    ):
        with pytest.raises(ConfigurationError, match=re.escape(message)):
            found.kinds(name)
