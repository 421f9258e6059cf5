"""Which of the agent's routes a browser may call: those that are listed, and no others.

The server extension forwards no other request, and the agent answers no other that comes from a
browser. A new route is for clients on this machine only until it is listed. Standard library only.
"""

import re
from collections.abc import Iterable
from urllib.parse import unquote

from escape_vre.core.service import Plugin

AGENT_ROUTES = (
    "GET /agent",
    "POST /agent/stop",
    "GET /services",
    "GET /jobs",
    "GET /jobs/events",
    "GET /jobs/{}",
    "DELETE /jobs/{}",
    "GET /jobs/{}/files",
    "POST /jobs/{}/cancel",
    "POST /jobs/{}/retry",
    "POST /jobs/{}/release",
    "POST /sign-ins",
    "GET /sign-ins/{}",
    "POST /sign-ins/{}/cancel",
    "POST /sign-outs",
)
"""Routes of no service; ``{}`` stands for one part of a path."""


class BrowserRoutes:
    """The routes that are open to browsers: the agent's own, and those that services name."""

    def __init__(self, plugins: Iterable[Plugin]) -> None:
        listed = list(AGENT_ROUTES)
        for plugin in plugins:
            for route in plugin.browser:
                method, _, path = route.partition(" ")
                listed.append(f"{method} /{plugin.name}{path}")
        parts = (re.escape(route).replace(r"\{\}", "[^/]+") for route in listed)
        self._listed = re.compile("|".join(parts))

    def allow(self, method: str, target: str) -> bool:
        """Tell whether a browser may send a request.

        Parameters
        ----------
        target : str
            Path and query as they came, percent-encoded.
        """
        path = unquote(target.partition("?")[0])
        return self._listed.fullmatch(f"{method} {path}") is not None
