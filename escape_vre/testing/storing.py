"""The contract of a service that takes files; its test inherits :class:`StorableContract`."""

import asyncio
from pathlib import Path
from typing import ClassVar

import pytest

from escape_vre.core.errors import ConflictError, RemoteError
from escape_vre.core.service import Service, Storable
from escape_vre.testing.remote import Remote


class Taking(Service, Storable):
    """A service that takes files."""


class StorableContract:
    """What storing a file must do; a test that inherits this has ``remote`` and ``service``."""

    free_ref: ClassVar[str]
    """Where nothing is stored yet."""

    def stored(self, remote: Remote, ref: str) -> bytes:
        """Return what the remote has under a ref."""
        raise NotImplementedError

    def test_it_is_stored_and_the_same_again_changes_nothing(
        self, service: Taking, remote: Remote, tmp_path: Path
    ) -> None:
        self._store(service, tmp_path, b"bytes", b"bytes")
        assert self.stored(remote, self.free_ref) == b"bytes"

    def test_other_bytes_are_a_conflict(
        self, service: Taking, remote: Remote, tmp_path: Path
    ) -> None:
        with pytest.raises(ConflictError) as caught:
            self._store(service, tmp_path, b"bytes", b"other")
        assert caught.value.hint
        assert self.stored(remote, self.free_ref) == b"bytes"

    def test_a_remote_that_is_down_is_an_error_with_a_hint(
        self, service: Taking, remote: Remote, tmp_path: Path
    ) -> None:
        remote.stop()
        with pytest.raises(RemoteError) as caught:
            self._store(service, tmp_path, b"bytes")
        assert caught.value.hint

    def _store(self, service: Taking, folder: Path, *bodies: bytes) -> None:
        async def store() -> None:
            file = folder / "file"
            try:
                for body in bodies:
                    file.write_bytes(body)
                    await service.store(file, self.free_ref, {})
            finally:
                await service.close()

        asyncio.run(store())
