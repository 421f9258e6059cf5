"""Settings that Rucio has no file for; apply them before importing Rucio."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any


def apply(config: Path) -> None:
    """Set Rucio's configuration, give it a cache, and remove the pauses of its daemons.

    Without a cache server Rucio caches nothing, and ``list_replicas`` of 10,000 files takes two
    minutes in place of two seconds. One process needs no server: a dictionary in memory does,
    pickled so that no caller can change what another gets.
    """
    os.environ["RUCIO_CONFIG"] = str(config)
    # Names like /A/B/C arrive with their slashes still quoted, as behind Apache's
    # "AllowEncodedSlashes NoDecode", and are distinguished from the slash between scope and name.
    os.environ["RUCIO_HTTPD_ENCODED_SLASHES_NO_DECODE"] = "true"
    # Rucio looks for memcached when it is imported; our answer makes it not wait for one.
    os.environ["RUCIO_CLIENT_MODE"] = "1"
    from rucio.common import cache

    del os.environ["RUCIO_CLIENT_MODE"]

    def configure(
        region: cache.MemcacheRegion, expiration_time: int, _memcached_expire_time: int | None
    ) -> None:
        region.configure("dogpile.cache.memory_pickle", expiration_time=expiration_time)

    cache.MemcacheRegion._configure_region = configure  # noqa: SLF001 - there is no other door

    from rucio.daemons import common

    original: Callable[..., Any] = common.db_workqueue

    def without_wait(*arguments: Any, **options: Any) -> Any:
        # Each pass of a daemon would wait for other hosts to share its work; there are none.
        return original(*arguments, **{**options, "partition_wait_time": 0})

    common.db_workqueue = without_wait

    from rucio.core.permission import generic

    # The generic policy lets an ordinary account add a replica at a ...USERDISK, but not say that
    # its bytes have arrived: `rucio upload` would need an administrator. See ``owners_only``.
    generic.perm_update_replicas_states = generic.perm_add_replicas


def owners_only() -> None:
    """Let only a scope's owner change the state of its replicas.

    Rucio's policy checks the site, not the files. Apply this after Rucio's tables exist and
    before its REST API is imported.
    """
    from rucio.common.exception import AccessDenied
    from rucio.gateway import replica, scope

    update: Callable[..., None] = replica.update_replicas_states

    def update_own(*, rse: str, files: list[dict[str, Any]], issuer: str, **options: Any) -> None:
        foreign = {str(file.get("scope")) for file in files}.difference(scope.get_scopes(issuer))
        if foreign and issuer != "root":
            raise AccessDenied(f"Account {issuer} does not own scope {min(foreign)}.")
        update(rse=rse, files=files, issuer=issuer, **options)

    replica.update_replicas_states = update_own
