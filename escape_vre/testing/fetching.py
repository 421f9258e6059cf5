"""The contract of a service whose refs are files; its test inherits :class:`FetchableContract`."""

import os
import signal
from pathlib import Path
from typing import Any, ClassVar

import pytest

from escape_vre.client import AgentClient
from escape_vre.core.errors import EscapeError, NotFoundError, RemoteError
from escape_vre.testing.remote import Remote
from escape_vre.testing.waiting import wait_until


class FetchableContract:
    """What a *get* must do, by the agent's route ``POST /<name>/get``.

    A test class that inherits this has the fixture ``remote``, a :class:`Remote` which the
    agent's configuration names.
    """

    name: ClassVar[str]
    ref: ClassVar[str]
    """A file of more than 1 MB."""
    missing: ClassVar[str]
    """A ref that does not exist."""

    def content(self, remote: Remote) -> bytes:
        """Return the bytes of the file."""
        raise NotImplementedError

    def test_its_files_arrive(self, remote: Remote, tmp_path: Path) -> None:
        ended = AgentClient().wait(self._begun(tmp_path)["id"])
        assert (ended["state"], ended["error"]) == ("done", None)
        assert self._arrived(tmp_path) == self.content(remote)

    def test_what_does_not_exist_is_said(self, remote: Remote, tmp_path: Path) -> None:
        del remote
        with pytest.raises(NotFoundError) as caught:
            self._ended(tmp_path, self.missing)
        assert caught.value.hint

    def test_a_remote_that_is_down_is_an_error_with_a_hint(
        self, remote: Remote, tmp_path: Path
    ) -> None:
        AgentClient().get("/agent")
        remote.stop()
        with pytest.raises(RemoteError) as caught:
            self._ended(tmp_path, self.ref)
        assert caught.value.hint

    def test_who_cancels_is_obeyed_at_once(self, remote: Remote, tmp_path: Path) -> None:
        job = self._held(remote, tmp_path)
        assert AgentClient().post(f"/jobs/{job}/cancel")["state"] == "cancelled"
        assert remote.left.wait(60), "the file is still being fetched"
        assert self._arrived(tmp_path) is None

    def test_a_job_whose_agent_is_killed_is_resumed(self, remote: Remote, tmp_path: Path) -> None:
        job = self._held(remote, tmp_path)
        agent = AgentClient()
        os.kill(agent.get("/agent")["pid"], signal.SIGKILL)
        remote.free.set()
        assert agent.wait(job)["state"] == "done"
        assert self._arrived(tmp_path) == self.content(remote)

    def _begun(self, folder: Path, ref: str = "") -> dict[str, Any]:
        body = {"refs": [ref or self.ref], "to": str(folder / "here")}
        job: dict[str, Any] = AgentClient().post(f"/{self.name}/get", body)
        return job

    def _ended(self, folder: Path, ref: str) -> None:
        """Raise the error of a job that fails, wherever it is noticed."""
        ended = AgentClient().wait(self._begun(folder, ref)["id"])
        assert ended["state"] == "failed"
        raise EscapeError.from_dict(ended["error"])

    def _held(self, remote: Remote, folder: Path) -> str:
        """Return a job of which half is here."""
        remote.free.clear()
        job = str(self._begun(folder)["id"])
        agent = AgentClient()
        wait_until(lambda: agent.get(f"/jobs/{job}")["progress"]["done"], what="the first half")
        return job

    def _arrived(self, folder: Path) -> bytes | None:
        folder = folder / "here"
        files = [path for path in folder.rglob("*") if ".escape-vre" not in path.parts]
        found = [path.read_bytes() for path in files if path.is_file()]
        assert len(found) <= 1
        return found[0] if found else None
