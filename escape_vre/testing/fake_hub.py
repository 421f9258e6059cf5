"""A JupyterHub that gives or refuses tokens as described in ``docs/adr/0003-tokens.md``.

The real one is :mod:`escape_vre.hub`; this one misbehaves on request.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self

Mood = Literal["well", "sign_in", "down", "busy", "plain", "nonsense"]
"""``down`` is a provider that does not answer, ``busy`` the Hub's own proxy, ``plain`` a Hub
without escape-vre."""

SIGN_IN = "/hub/login?next=/hub/home"


@dataclass(slots=True)
class FakeHub:
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
    asked : list
        Each request that was served, as server name and audience.
    """

    audiences: dict[str, Callable[[], str]] = field(default_factory=dict)
    lifetime_s: float | None = 300.0
    servers: dict[str, str] = field(default_factory=lambda: {"hub-token-": ""})
    mood: Mood = "well"
    retry_after_s: float = 1.0
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    _server: ThreadingHTTPServer | None = None

    def __enter__(self) -> Self:
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                hub._answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """URL of the Hub."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_port}/hub"

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

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        if self.mood == "plain" or handler.path != "/hub/escape/token":
            self._send(handler, 404, b"<html>404 : Not Found</html>", "text/html")
            return
        if self.mood == "busy":
            self._send(handler, 502, b"<html>Bad gateway</html>", "text/html")
            return
        if self.mood == "nonsense":
            self._send(handler, 200, b"<html>Welcome</html>", "text/html")
            return
        token = handler.headers.get("Authorization", "").removeprefix("token ")
        audience = json.loads(body)["audience"]
        status, answer = self._decide(token, audience)
        self._send(handler, status, json.dumps(answer).encode(), "application/json")

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

    def _send(self, handler: BaseHTTPRequestHandler, status: int, body: bytes, kind: str) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        for name, value in self.headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)


def _error(code: str, message: str, **details: object) -> dict[str, Any]:
    fields = {"code": code, "message": message, "hint": "Do this.", "retryable": False}
    return {"error": {**fields, "details": details}}
