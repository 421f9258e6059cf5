"""Which of the agent's routes a browser may call: those that are listed, and no others.

The server extension forwards no other request, and the agent answers no other that comes from a
browser. A new route is for clients on this machine only until it is listed. Standard library only.
"""

import re
from urllib.parse import unquote

from escape_vre.core.registry import Installed

AGENT_ROUTES = (
    "GET /agent",
    "POST /agent/stop",
    "GET /services",
    "GET /doctor",
    "GET /jobs",
    "GET /jobs/events",
    "GET /jobs/{}",
    "DELETE /jobs/{}",
    "GET /jobs/{}/files",
    "POST /jobs/{}/cancel",
    "POST /jobs/{}/retry",
    "POST /jobs/{}/release",
    "POST /sign-ins",
    "POST /sign-ins/form",
    "GET /sign-ins/{}",
    "POST /sign-ins/{}/cancel",
    "POST /sign-outs",
)
"""Routes of no service; ``{}`` stands for one part of a path."""


class BrowserRoutes:
    """The routes that are open to browsers: the agent's own, and those that services name.

    A service that cannot be used answers nothing but why, at any address below its name.
    """

    def __init__(self, services: Installed) -> None:
        listed = list(AGENT_ROUTES)
        for plugin in services.plugins.values():
            for route in plugin.browser:
                method, _, path = route.partition(" ")
                listed.append(f"{method} /{plugin.name}{path}")
        parts = (re.escape(route).replace(r"\{\}", "[^/]+") for route in listed)
        broken = (rf"[A-Z]+ /{re.escape(name)}/.*" for name in services.broken)
        self._listed = re.compile("|".join([*parts, *broken]))

    def allow(self, method: str, target: str) -> bool:
        """Tell whether a browser may send a request.

        Parameters
        ----------
        target : str
            Path and query as they came, percent-encoded.
        """
        path = unquote(target.partition("?")[0])
        return self._listed.fullmatch(f"{method} {path}") is not None
