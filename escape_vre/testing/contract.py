"""The contract of a service; a new one inherits :class:`ServiceContract` in its own test.

>>> class TestMine(ServiceContract):
...     name = "mine"
"""

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, get_args

from fastapi import FastAPI
from traitlets.config import Config

from escape_vre.cli import OWN
from escape_vre.core.hub_section import HubSection
from escape_vre.core.keyring import Keyring
from escape_vre.core.plugin import Plugin
from escape_vre.core.registry import load, plugins
from escape_vre.core.service import CAPABILITIES, Service
from escape_vre.display.commands import ESCAPE
from escape_vre.display.parsing import Parser
from escape_vre.jobs.kinds.kind import Kind
from escape_vre.jobs.models import JobRequest, JobState, Unit


class ServiceContract:
    """The contract that every installed service must fulfil."""

    name: ClassVar[str]
    config: ClassVar[Mapping[str, Any]] = {}
    """The configuration that the service needs; most need none to be made."""

    @property
    def plugin(self) -> Plugin:
        """The service as the registry sees it."""
        return plugins()[self.name]

    def make(self) -> Any:
        """Make the service."""
        return load(self.plugin.service)(Config(self.config), Keyring(Path("nowhere")))

    def described(self, desk: Any) -> dict[str, Any]:
        """Return the paths of the OpenAPI document; the service is not made for it."""

        def unmade() -> Any:
            raise AssertionError("routes are made before the service")

        app = FastAPI()
        app.include_router(load(self.plugin.routes)(unmade, desk))
        paths: dict[str, Any] = app.openapi()["paths"]
        return paths

    def test_it_is_registered_under_one_word(self) -> None:
        assert re.fullmatch(r"[a-z]+", self.plugin.name)
        assert self.plugin.title
        assert self.plugin.schemes

    def test_its_part_of_a_hubs_settings_needs_nothing_by_default(self) -> None:
        if not self.plugin.hub:
            return
        section = load(self.plugin.hub)
        assert issubclass(section, HubSection)
        assert section().audiences() == {}
        assert section().config(None) == section().config("/etc/ca.pem") == {}
        assert all(field.description for field in section.model_fields.values())

    def test_registering_imports_nothing_heavy(self) -> None:
        code = (
            "import sys; from escape_vre.core.registry import plugins; plugins();"
            "print(*{'pydantic', 'httpx', 'fastapi', 'IPython', 'tornado'} & set(sys.modules))"
        )
        done = subprocess.run(  # noqa: S603 — our own interpreter
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == ""

    def test_it_offers_the_capabilities_it_names(self) -> None:
        service = self.make()
        assert isinstance(service, Service)
        assert service.name == self.name
        for capability in self.plugin.capabilities:
            assert isinstance(service, CAPABILITIES[capability]), capability

    def test_its_kinds_of_job_say_all_that_is_shown_of_them(self) -> None:
        kinds = [load(where) for where in self.plugin.kinds]
        assert len({kind.name for kind in kinds}) == len(kinds)
        for kind in kinds:
            assert isinstance(kind, Kind)
            assert re.fullmatch(r"[a-z]+( [a-z]+)*", kind.name)
            assert set(kind.words) == set(get_args(JobState))
            assert kind.slots > 0
            assert kind.unit in get_args(Unit)
            assert issubclass(kind.request, JobRequest)
            assert kind.request.model_fields["kind"].default == kind.name
            assert isinstance(kind.ends_unwaited, bool)
            assert isinstance(kind.keeps_server_alive, bool)

    def test_its_routes_take_refs_in_query_or_body_only(self, desk: Any) -> None:
        paths = self.described(desk)
        assert paths
        for path in paths:
            assert "{" not in path, f"{path}: a ref with slashes does not survive a path"

    def test_what_it_opens_to_browsers_is_there(self, desk: Any) -> None:
        paths = self.described(desk)
        every = {f"{verb.upper()} {path}" for path, verbs in paths.items() for verb in verbs}
        assert set(self.plugin.browser) <= every

    def test_one_can_get_what_is_fetchable(self, desk: Any) -> None:
        if "fetchable" in self.plugin.capabilities:
            assert "/get" in self.described(desk)

    def test_one_can_sign_in_where_it_has_accounts(self, desk: Any) -> None:
        if "accounts" in self.plugin.capabilities:
            assert {"/instances", "/whoami"} <= set(self.described(desk))

    def test_its_routes_name_every_field(self, desk: Any) -> None:
        for path, verbs in self.described(desk).items():
            for verb, described in verbs.items():
                for answer in described["responses"].values():
                    schemas = [c.get("schema") for c in answer.get("content", {}).values()]
                    assert {} not in schemas, f"{verb} {path} answers something without a model"

    def test_the_users_side_can_be_loaded(self) -> None:
        if self.plugin.command:
            parser = Parser(prog=self.plugin.command)
            load(self.plugin.commands)(parser)
            assert parser.parse_args([]).run
            assert self.plugin.summary
            assert self.plugin.command not in {ESCAPE.word, *(own.word for own in OWN)}
