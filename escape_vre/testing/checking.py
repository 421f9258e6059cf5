"""The contract of a service that says what of it works; its test inherits the suite below."""

import asyncio
import json
from contextlib import aclosing
from typing import Any, ClassVar

from escape_vre.client import AgentClient
from escape_vre.core.checks import Check, CheckQuery
from escape_vre.core.service import Checkable, Service
from escape_vre.testing.remote import Remote

STATES = {"ok", "warning", "failed", "skipped"}


class Checked(Service, Checkable):
    """A service with checks."""


class CheckableContract:
    """What checks must do, in the service and at the agent's route ``GET /doctor``.

    A test class that inherits this has the fixtures ``remote``, a :class:`Remote`, and
    ``service``, made for it; the agent's configuration names the same remote.
    """

    subject: ClassVar[str]
    """How the subjects of its checks begin."""
    secrets: ClassVar[tuple[str, ...]] = ()
    """What must not be in any check, such as passwords and tokens."""

    def test_what_works_is_said_in_sentences(self, remote: Remote) -> None:
        del remote
        rows, end = self._asked()
        assert rows
        assert not [row for row in rows if row["state"] == "failed"]
        assert {row["state"] for row in rows} <= STATES
        assert all(row["message"].endswith(".") and row["name"] for row in rows)
        assert end["failed"] == 0

    def test_what_is_down_is_a_check_that_has_failed_with_a_hint(self, remote: Remote) -> None:
        remote.stop()
        rows, end = self._asked()
        failed = [row for row in rows if row["state"] == "failed"]
        assert failed
        assert all(row["message"] and row["hint"] for row in failed)
        assert end["failed"] >= len(failed)

    def test_no_check_holds_a_secret(self, remote: Remote) -> None:
        said = json.dumps(self._asked())
        remote.stop()
        said += json.dumps(self._asked())
        assert not [secret for secret in self.secrets if secret in said]

    def test_the_first_check_comes_before_the_last_and_closing_ends_them(
        self, service: Checked, remote: Remote
    ) -> None:
        remote.free.clear()

        async def first() -> Check:
            try:
                async with aclosing(service.checks(CheckQuery())) as checks:
                    found = await anext(checks)
                left = asyncio.all_tasks() - {asyncio.current_task()}
                assert not left, "a check goes on for nobody"
                return found
            finally:
                await service.close()

        assert asyncio.run(first()).subject.startswith(self.subject)

    def _asked(self) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        *rows, last = AgentClient().stream("/doctor")
        return [row for row in rows if row["subject"].startswith(self.subject)], last["end"]
