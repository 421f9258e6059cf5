"""An identity provider that is faster than any hub, in a separate process.

What it answers is the tests' ``FakeProvider``: refresh tokens rotate, and one that is used twice
ends its session. It counts what it is asked, and goes back to an earlier moment on request, so
that every run finds the same sessions.
"""

import base64
import contextlib
import copy
import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, unquote_plus, urlencode

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from bench.jupyter import free_port
from bench.measure import BenchError
from escape_vre.local.lake.server.process import tie_to_parent
from escape_vre.testing.provider import EXCHANGE, FakeProvider

_REALM = "/realms/fake"
_SECRET = "client-s3cret"
_KINDS = {"authorization_code": "code", "refresh_token": "refresh", EXCHANGE: "exchange"}
_SIGNATURE = "s" * 342
"""As long as one with a key of 2,048 bits."""


class Oidc:
    """The provider's process, as the benchmark sees it; starts on entering.

    Parameters
    ----------
    people : sequence of str
        Who may sign in, without a password.
    audiences : sequence of str
        What tokens may be exchanged for.
    """

    def __init__(self, people: Sequence[str], audiences: Sequence[str]) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.issuer = f"{self.url}{_REALM}"
        self._given = json.dumps(
            {"port": port, "people": list(people), "audiences": list(audiences)}
        )

    def __enter__(self) -> Self:
        """Start it, and return when it answers."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.oidc", self._given],
            cwd=Path(__file__).parents[1],
            preexec_fn=tie_to_parent(signal.SIGTERM),
        )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(OSError):
                self.tell()
                return self
            time.sleep(0.05)
        self.__exit__()
        raise BenchError("the identity provider of the benchmark did not start")

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()

    def client_secret(self) -> str:
        """Return the secret of the client ``hub``."""
        return _SECRET

    def endpoint(self, name: str) -> str:
        """Return the URL of ``auth``, ``token`` or ``userinfo``."""
        return f"{self.issuer}/{name}"

    def password(self, _user: str) -> str:
        """Return the password that every user has."""
        return ""

    def tell(self, **wishes: Any) -> dict[str, int]:
        """Change something; returns the calls since the last time it was asked for them.

        Parameters
        ----------
        lifetime_s : int
            How long access tokens live from now on.
        keep, restore : bool
            Note how all sessions are; make them so again.

        Returns
        -------
        dict
            The calls by kind.
        """
        request = urllib.request.Request(f"{self.url}/tell", json.dumps(wishes).encode())
        with urllib.request.urlopen(request, timeout=30) as answer:
            found: dict[str, int] = json.load(answer)
            return found


class _Provider(FakeProvider):
    """The tests' provider behind another server; remembers until when each token is good."""

    def __init__(self, port: int, people: list[str], audiences: list[str]) -> None:
        about = {"groups": ["/escape", "/escape/cta", "/escape/km3net"], "email_verified": True}
        super().__init__(
            people={
                name: {"name": f"{name} of the benchmark", "email": f"{name}@example.org", **about}
                for name in people
            },
            audiences=audiences,
        )
        self._port = port
        self._good: dict[str, tuple[str, float]] = {}
        self._kept: tuple[Any, ...] = ([], {})

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self._port}{_REALM}"

    def _jwt(self, **claims: Any) -> str:
        head, body, _ = super()._jwt(**claims).split(".")
        token = f"{head}.{body}.{_SIGNATURE}"
        self._good[token] = str(claims["sub"]), time.time() + self.lifetime_s
        return token

    def user_of(self, token: str) -> str | None:
        """Return whose token this is, while it is valid."""
        subject, until = self._good.get(token, ("", 0.0))
        return subject.removeprefix("sub-of-") if time.time() < until else None

    def keep(self) -> None:
        """Save the state of all sessions."""
        self._kept = copy.deepcopy((self._sessions, self._good))

    def restore(self) -> None:
        """Restore the saved state of all sessions."""
        self._sessions, self._good = copy.deepcopy(self._kept)


class _Pages:
    def __init__(self, provider: _Provider) -> None:
        self._provider = provider

    async def discovery(self, _: Request) -> Response:
        self._provider.calls["discovery"] += 1
        return JSONResponse(self._provider.discovery())

    async def auth(self, request: Request) -> Response:
        asked = dict(request.query_params)
        if "username" not in asked:
            hidden = "".join(
                f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
                for name, value in asked.items()
            )
            return HTMLResponse(
                f'<form id="kc-form-login" action="{self._provider.issuer}/auth" method="get">'
                f'{hidden}<input name="username"><input name="password"></form>'
            )
        code = f"code-of-{asked['username']}-{time.time_ns()}"
        self._provider.codes[code] = {
            "user": asked["username"],
            "scope": asked.get("scope", ""),
            "code_challenge": asked["code_challenge"],
        }
        back = urlencode({"code": code, "state": asked["state"]})
        return RedirectResponse(f"{asked['redirect_uri']}?{back}", 302)

    async def token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        pair = base64.b64decode(request.headers.get("Authorization", "").partition(" ")[2]).decode()
        name, _, secret = pair.partition(":")
        told = (
            (unquote_plus(name), unquote_plus(secret))
            if pair
            else tuple(form.get(field, "") for field in ("client_id", "client_secret"))
        )
        if told != ("hub", _SECRET):
            return JSONResponse({"error": "invalid_client"}, 401)
        self._provider.calls[_KINDS.get(form.get("grant_type", ""), "other")] += 1
        status, answer = self._provider.token(form)
        return JSONResponse(answer, status)

    async def userinfo(self, request: Request) -> Response:
        self._provider.calls["userinfo"] += 1
        token = request.headers.get("Authorization", "").partition(" ")[2]
        user = self._provider.user_of(token)
        if user is None:
            return JSONResponse({"error": "invalid_token"}, 401)
        return JSONResponse(self._provider.claims(user))

    async def tell(self, request: Request) -> Response:
        provider = self._provider
        wishes = await request.json()
        provider.lifetime_s = wishes.get("lifetime_s", provider.lifetime_s)
        if wishes.get("keep"):
            provider.keep()
        if wishes.get("restore"):
            provider.restore()
        found = dict(provider.calls)
        provider.calls.clear()
        return JSONResponse(found)


def main() -> None:
    """Serve until ended."""
    provider = _Provider(**json.loads(sys.argv[1]))
    pages = _Pages(provider)
    app = Starlette(
        routes=[
            Route(f"{_REALM}/.well-known/openid-configuration", pages.discovery),
            Route(f"{_REALM}/auth", pages.auth),
            Route(f"{_REALM}/token", pages.token, methods=["POST"]),
            Route(f"{_REALM}/userinfo", pages.userinfo),
            Route("/tell", pages.tell, methods=["POST"]),
        ]
    )
    port = json.loads(sys.argv[1])["port"]
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
