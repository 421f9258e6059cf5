"""escape-vre: the ESCAPE virtual research environment inside JupyterLab.

>>> import escape_vre
>>> lightcurves = escape_vre.get("demo:fermi.lightcurves")  # doctest: +SKIP

Importing this needs the standard library only, whatever environment the kernel lives in.
"""

from typing import TYPE_CHECKING, Any

from escape_vre._version import __version__

if TYPE_CHECKING:
    from escape_vre.client.accounts import login, logout
    from escape_vre.client.doctor import doctor
    from escape_vre.client.get import get
    from escape_vre.client.jobs import cancel, jobs, retry
    from escape_vre.display.files import Files
    from escape_vre.services.datalake.accounts.api import quota
    from escape_vre.services.datalake.api import info, ls, whoami
    from escape_vre.services.datalake.collections.api import (
        attach,
        close,
        create,
        detach,
        erase,
        erasure,
        metadata,
        reopen,
        set_metadata,
    )
    from escape_vre.services.datalake.put.api import put
    from escape_vre.services.datalake.registration.api import register
    from escape_vre.services.datalake.replicas.api import declare_bad
    from escape_vre.services.datalake.rses.api import rses
    from escape_vre.services.datalake.rules.api import (
        add_rule,
        delete_rule,
        preview_rule,
        rule,
        rules,
        update_rule,
    )
    from escape_vre.services.datalake.search.api import search
    from escape_vre.services.datalake.status.api import status
    from escape_vre.services.datalake.subscriptions.api import (
        pause,
        resume,
        subscribe,
        subscriptions,
    )

_API = {
    "Files": "escape_vre.display.files",
    "doctor": "escape_vre.client.doctor",
    "get": "escape_vre.client.get",
    **dict.fromkeys(("login", "logout"), "escape_vre.client.accounts"),
    **dict.fromkeys(("cancel", "jobs", "retry"), "escape_vre.client.jobs"),
    **dict.fromkeys(("info", "ls", "whoami"), "escape_vre.services.datalake.api"),
    "quota": "escape_vre.services.datalake.accounts.api",
    "declare_bad": "escape_vre.services.datalake.replicas.api",
    "status": "escape_vre.services.datalake.status.api",
    **dict.fromkeys(
        ("pause", "resume", "subscribe", "subscriptions"),
        "escape_vre.services.datalake.subscriptions.api",
    ),
    "rses": "escape_vre.services.datalake.rses.api",
    "search": "escape_vre.services.datalake.search.api",
    "put": "escape_vre.services.datalake.put.api",
    "register": "escape_vre.services.datalake.registration.api",
    **dict.fromkeys(
        (
            *("attach", "close", "create", "detach", "erase", "erasure"),
            *("metadata", "reopen", "set_metadata"),
        ),
        "escape_vre.services.datalake.collections.api",
    ),
    **dict.fromkeys(
        ("add_rule", "delete_rule", "preview_rule", "rule", "rules", "update_rule"),
        "escape_vre.services.datalake.rules.api",
    ),
}

__all__ = [
    "Files",
    "__version__",
    "add_rule",
    "attach",
    "cancel",
    "close",
    "create",
    "declare_bad",
    "delete_rule",
    "detach",
    "doctor",
    "erase",
    "erasure",
    "get",
    "info",
    "jobs",
    "load_ipython_extension",
    "login",
    "logout",
    "ls",
    "metadata",
    "pause",
    "preview_rule",
    "put",
    "quota",
    "register",
    "reopen",
    "resume",
    "retry",
    "rses",
    "rule",
    "rules",
    "search",
    "set_metadata",
    "status",
    "subscribe",
    "subscriptions",
    "update_rule",
    "whoami",
]


def __getattr__(name: str) -> Any:
    """Import what is used when it is used.

    Where the package ``escape_vre.jobs`` has been imported, its name stands for it; it can be
    called like the function.
    """
    if module := _API.get(name):
        from importlib import import_module

        return getattr(import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


def load_ipython_extension(shell: Any) -> None:
    """Register the magics: ``%load_ext escape_vre``."""
    from escape_vre.notebook.magics import load_ipython_extension as load

    load(shell)
