"""An OpenID Connect provider with sign-in by code; strict, and faulty on request.

Discovery 1.0, RFC 8628, RFC 7636 and RFC 7009, with refresh tokens that rotate: one that is used
twice ends its session, as RFC 9700 section 4.14.2 asks. It does not sign tokens; set ``mint`` for
tokens that are verified.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

from escape_vre.testing.loopback import Fake, Handler

Mood = Literal["well", "down", "nonsense"]
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@dataclass(slots=True)
class Code:
    """A sign-in in progress."""

    user_code: str
    challenge: str
    expires: float
    state: Literal["pending", "approved", "denied"] = "pending"


@dataclass(slots=True)
class Session:
    """A user's session: the valid refresh token, and the earlier ones."""

    current: str
    used: set[str] = field(default_factory=set)


@dataclass
class DeviceProvider(Fake):
    """A threaded HTTP server on loopback; ``with DeviceProvider() as provider``.

    Parameters
    ----------
    mint : callable
        Makes an access token.
    interval_s : float
        Minimum interval between polls, seconds.
    pkce : bool
        Require PKCE with S256.
    offline : bool
        Give refresh tokens.
    forms : list
        Each form that was posted, with its path.
    """

    mint: Callable[[], str] = lambda: f"access-{secrets.token_hex(8)}"
    client_id: str = "escape-vre"
    interval_s: float = 0.05
    code_lifetime_s: float = 60.0
    lifetime_s: float = 300.0
    pkce: bool = True
    offline: bool = True
    complete: bool = True
    mood: Mood = "well"
    too_quick: int = 0
    pause_s: float = 0.0
    codes: dict[str, Code] = field(default_factory=dict)
    sessions: list[Session] = field(default_factory=list)
    forms: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    token_fields: dict[str, Any] = field(default_factory=dict)
    """Overrides of every answer of the token endpoint."""
    refreshing: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def handler(self) -> type[Handler]:
        """Return what answers for this fake."""
        provider = self

        class Answers(Handler):
            def do_GET(self) -> None:
                provider._answer(self, {})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                provider._answer(self, dict(parse_qsl(body.decode())))

        return Answers

    @property
    def issuer(self) -> str:
        """The issuer's URL."""
        return f"{self.origin}/realms/test"

    def decide(self, user_code: str, state: Literal["approved", "denied"] = "approved") -> None:
        """Do what a user does in the browser."""
        (code,) = [code for code in self.codes.values() if code.user_code == user_code]
        code.state = state

    def end_sessions(self) -> None:
        """Sign all users out."""
        self.sessions.clear()

    def count(self, grant_type: str) -> int:
        """Return how often the token endpoint was asked for this."""
        return sum(form.get("grant_type") == grant_type for _, form in self.forms)

    def _answer(self, handler: Handler, form: dict[str, str]) -> None:
        path = urlsplit(handler.path).path.removeprefix("/realms/test")
        if form.get("grant_type") == "refresh_token":
            self.refreshing.set()
        time.sleep(self.pause_s)
        if self.mood == "down":
            handler.send(503, b"<html>down</html>", "text/html")
            return
        if self.mood == "nonsense":
            handler.send(200, b"<html>Welcome</html>", "text/html")
            return
        if form:
            self.forms.append((path, form))
        with self._lock:
            status, body = self._decide(path, form)
        handler.send(status, json.dumps(body).encode())

    def _decide(self, path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if path == "/.well-known/openid-configuration":
            return 200, self._metadata()
        if form.get("client_id") != self.client_id:
            return 401, {"error": "invalid_client", "error_description": "Unknown client."}
        if path == "/device":
            return self._begin(form)
        if path == "/revoke":
            self.sessions = [s for s in self.sessions if s.current != form.get("token")]
            return 200, {}
        if path == "/token" and form.get("grant_type") == DEVICE_GRANT:
            return self._finish(form)
        if path == "/token" and form.get("grant_type") == "refresh_token":
            return self._refresh(form.get("refresh_token", ""))
        return 400, {"error": "invalid_request"}

    def _metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "token_endpoint": f"{self.issuer}/token",
            "device_authorization_endpoint": f"{self.issuer}/device",
            "revocation_endpoint": f"{self.issuer}/revoke",
            "code_challenge_methods_supported": ["plain", "S256"] if self.pkce else ["plain"],
        }

    def _begin(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if self.pkce and form.get("code_challenge_method") != "S256":
            return 400, {"error": "invalid_request", "error_description": "PKCE is demanded."}
        device_code = secrets.token_hex(16)
        user_code = f"{secrets.token_hex(2)}-{secrets.token_hex(2)}".upper()
        expires = time.time() + self.code_lifetime_s
        self.codes[device_code] = Code(user_code, form.get("code_challenge", ""), expires)
        answer: dict[str, Any] = {
            "device_code": device_code,
            "user_code": user_code,
            "verification_uri": f"{self.issuer}/enter",
            "expires_in": self.code_lifetime_s,
            "interval": self.interval_s,
        }
        if self.complete:
            answer["verification_uri_complete"] = f"{self.issuer}/enter?user_code={user_code}"
        return 200, answer

    def _finish(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        code = self.codes.get(form.get("device_code", ""))
        if code is None:
            return 400, {"error": "invalid_grant"}
        if time.time() > code.expires:
            return 400, {"error": "expired_token"}
        if self.pkce and _challenge(form.get("code_verifier", "")) != code.challenge:
            return 400, {"error": "invalid_grant", "error_description": "Wrong verifier."}
        if self.too_quick > 0:
            self.too_quick -= 1
            return 400, {"error": "slow_down"}
        if code.state == "denied":
            return 400, {"error": "access_denied"}
        if code.state == "pending":
            return 400, {"error": "authorization_pending"}
        del self.codes[form["device_code"]]
        session = Session(secrets.token_hex(16))
        if self.offline:
            self.sessions.append(session)
        return 200, self._grant(session)

    def _refresh(self, token: str) -> tuple[int, dict[str, Any]]:
        for session in list(self.sessions):
            if token in session.used:
                self.sessions.remove(session)  # somebody has a copy: nobody may go on
            elif token == session.current:
                session.used.add(token)
                session.current = secrets.token_hex(16)
                return 200, self._grant(session)
        return 400, {"error": "invalid_grant", "error_description": "Session not active"}

    def _grant(self, session: Session) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "access_token": self.mint(),
            "token_type": "Bearer",
            "expires_in": self.lifetime_s,
        }
        if self.offline:
            answer["refresh_token"] = session.current
        return answer | self.token_fields


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
