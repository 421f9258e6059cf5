"""Settings that Rucio has no file for; apply them before importing Rucio."""

# These modules run as the package "lake", in an environment that has no escape_vre.
# ruff: noqa: TID252

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..layout import GENERIC


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


def accept_policy(policy: str) -> None:
    """Let Rucio load a policy package that was made for an older one; call this first.

    ``escape-rucio-policy-package`` 0.2.2 lists the versions that it supports, the last of them 35,
    in a form that Rucio 41.5 cannot read. Without a list Rucio loads it, like any package that
    does not say.
    """
    if policy != GENERIC:
        import escape_rucio_policy_package

        del escape_rucio_policy_package.SUPPORTED_VERSION
