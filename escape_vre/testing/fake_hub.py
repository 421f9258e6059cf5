"""A JupyterHub that gives or refuses tokens as described in ``docs/adr/0003-tokens.md``.

The real one is :mod:`escape_vre.hub`; this one misbehaves on request.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from escape_vre.testing.loopback import Fake, Handler

Mood = Literal["well", "sign_in", "down", "busy", "plain", "nonsense"]
"""``down`` is a provider that does not answer, ``busy`` the Hub's own proxy, ``plain`` a Hub
without escape-vre."""

SIGN_IN = "/hub/login?next=/hub/home"


@dataclass
class FakeHub(Fake):
    """A threaded HTTP server on loopback; ``with FakeHub() as hub``.

    Parameters
    ----------
    audiences : dict
        What each audience's next token is.
    lifetime_s : float
        The remaining lifetime of a token that the Hub reports, seconds.
    servers : dict
        Which servers run, by their JupyterHub tokens.
    headers : dict
        Further headers of every answer.
    status : int or None
        Answer this to every request, as something before the Hub does.
    refused : list
        Method, path and status of each request that was not one for a token.
    asked : list
        Each request that was served, as server name and audience.
    """

    audiences: dict[str, Callable[[], str]] = field(default_factory=dict)
    lifetime_s: float | None = 300.0
    servers: dict[str, str] = field(default_factory=lambda: {"hub-token-": ""})
    mood: Mood = "well"
    retry_after_s: float = 1.0
    headers: dict[str, str] = field(default_factory=dict)
    status: int | None = None
    refused: list[tuple[str, str, int]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def handler(self) -> type[Handler]:
        """Return what answers for this fake."""
        hub = self

        class Answers(Handler):
            def do_POST(self) -> None:
                hub._answer(self)

            def send_error(self, code: int, *args: Any, **options: Any) -> None:
                hub.refused.append((self.command or "", self.requestline, code))
                super().send_error(code, *args, **options)

        return Answers

    @property
    def url(self) -> str:
        """URL of the Hub."""
        return f"{self.origin}/hub"

    def environment(self, server: str = "") -> dict[str, str]:
        """Start a server; return the variables that JupyterHub 5 sets in its environment."""
        self.servers[f"hub-token-{server}"] = server
        return {
            "JUPYTERHUB_API_URL": f"{self.url}/api",
            "JUPYTERHUB_API_TOKEN": f"hub-token-{server}",
            "JUPYTERHUB_SERVER_NAME": server,
            "JUPYTERHUB_BASE_URL": "/",
            "JUPYTERHUB_HOST": "",
            "JUPYTERHUB_PUBLIC_HUB_URL": "https://hub.example.org/hub/",
        }

    def end_server(self, server: str = "") -> None:
        """End one server: its token becomes invalid."""
        del self.servers[f"hub-token-{server}"]

    def _answer(self, handler: Handler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        if self.status is not None:
            handler.send(self.status, b"<html>Not the Hub</html>", "text/html", self.headers)
            return
        if self.mood == "plain" or handler.path != "/hub/escape/token":
            self.refused.append((handler.command, handler.path, 404))
            handler.send(404, b"<html>404 : Not Found</html>", "text/html", self.headers)
            return
        if self.mood == "busy":
            handler.send(502, b"<html>Bad gateway</html>", "text/html", self.headers)
            return
        if self.mood == "nonsense":
            handler.send(200, b"<html>Welcome</html>", "text/html", self.headers)
            return
        token = handler.headers.get("Authorization", "").removeprefix("token ")
        audience = json.loads(body)["audience"]
        status, answer = self._decide(token, audience)
        handler.send(status, json.dumps(answer).encode(), headers=self.headers)

    def _decide(self, token: str, audience: str) -> tuple[int, dict[str, Any]]:
        if token not in self.servers:
            return 403, _error("auth", "This is not the token of a running server.")
        self.asked.append((self.servers[token], audience))
        if self.mood == "sign_in":
            said = "Your session at the identity provider has ended."
            return 401, _error("auth", said, sign_in=SIGN_IN)
        if self.mood == "down":
            said = "The identity provider does not answer."
            return 503, _error("remote_unavailable", said, retry_after_s=self.retry_after_s)
        if audience not in self.audiences:
            said = f"This site has no audience {audience}."
            return 404, _error("not_found", said, audiences=sorted(self.audiences))
        return 200, {
            "access_token": self.audiences[audience](),
            "token_type": "Bearer",
            "expires_in": self.lifetime_s,
            "audience": audience,
        }


def _error(code: str, message: str, **details: object) -> dict[str, Any]:
    fields = {"code": code, "message": message, "hint": "Do this.", "retryable": False}
    return {"error": {**fields, "details": details}}
