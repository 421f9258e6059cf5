"""An OpenID Connect provider that misbehaves on request: slow, failing, forgetful, suspicious.

It has the part of the protocol that a hub uses: discovery, authorization code with PKCE, userinfo,
refresh with rotation (and reuse detection, as Keycloak's *Revoke Refresh Token*), token exchange. A
real Keycloak is tested too, in ``tests/integration/hub``, which shows that both answer alike.
Tokens are JWTs with a fake signature.
"""

import base64
import hashlib
import json
import secrets
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

from escape_vre.core.tokens import jwt_claims
from escape_vre.testing.loopback import Fake, Handler

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


@dataclass(slots=True)
class Fault:
    """The fault of calls of one type.

    Parameters
    ----------
    delay_s : float
        Delay of the answer, seconds.
    status : int or None
        Answer with this status, without doing anything.
    body : bytes
        With this body.
    held : Event or None
        Answer when this is set.
    after : bool
        Do what was asked first: only the answer is faulty.
    """

    delay_s: float = 0.0
    status: int | None = None
    body: bytes = b""
    held: threading.Event | None = None
    after: bool = False


@dataclass(slots=True)
class _Session:
    user: str
    scope: str
    refresh: str = ""
    used: set[str] = field(default_factory=set)
    alive: bool = True


@dataclass
class FakeProvider(Fake):
    """A threaded HTTP server on loopback; ``with FakeProvider() as provider``.

    Every user signs in without a password, by entering their name in a form.
    """

    people: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {
            "alice": {"groups": ["/escape", "/escape/cta", "/vre-admins"]},
            "bob": {"groups": ["/escape"]},
        }
    )
    client_id: str = "hub"
    client_secret: str = "client-s3cret"  # noqa: S105 (a fake's)
    audiences: list[str] = field(default_factory=lambda: ["rucio", "reana"])
    lifetime_s: int = 300
    rotation: bool = True
    skew_s: float = 0.0
    aud: str | None = None
    document: dict[str, Any] = field(default_factory=dict)
    """Overrides of the discovery document."""
    token_fields: dict[str, Any] = field(default_factory=dict)
    """Overrides of every answer of the token endpoint."""
    ended_error: str = "invalid_grant"
    faults: dict[str, Fault] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    most_at_once: int = 0
    given: list[str] = field(default_factory=list)
    """Every token that was given out; tests check that none is stored."""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    _sessions: list[_Session] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)
    at_once: int = 0
    gone: bool = False

    def handler(self) -> type[Handler]:
        """Return what answers for this provider."""
        return type("Answers", (_Answers,), {"provider": self})

    def __exit__(self, *_: object) -> None:
        self.stop()

    def serve_tls(self, certificate: Any) -> None:
        """Use TLS from now on, with a certificate from trustme."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        self.server.use_tls(context)

    def stop(self) -> None:
        """End, and close kept-alive connections."""
        if self.gone:
            return
        self.gone = True
        self.server.end()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self.server.server_port

    @property
    def issuer(self) -> str:
        """The issuer's URL."""
        return f"{self.origin}/realms/fake"

    def sign_out(self, user: str) -> None:
        """End a user's sessions, as an administrator of the provider would."""
        with self.lock:
            for session in self._sessions:
                session.alive = session.alive and session.user != user

    @contextmanager
    def failing(self, *kinds: str, **fault: Any) -> Iterator[None]:
        """Make calls of these types fail while the context lasts."""
        self.faults.update({kind: Fault(**fault) for kind in kinds})
        try:
            yield
        finally:
            for kind in kinds:
                del self.faults[kind]

    def begin(self, user: str, scope: str = "openid offline_access") -> dict[str, Any]:
        """Return the token endpoint's answer to a new sign-in."""
        with self.lock:
            session = _Session(user, scope)
            self._sessions.append(session)
            return self._tokens(session)

    def claims(self, user: str) -> dict[str, Any]:
        """Return the claims of a user."""
        return {"sub": f"sub-of-{user}", "preferred_username": user, **self.people[user]}

    def _jwt(self, **claims: Any) -> str:
        now = time.time() + self.skew_s
        claims = {
            "iss": self.issuer,
            "iat": int(now),
            "exp": int(now + self.lifetime_s),
            "jti": secrets.token_hex(8),
            **claims,
        }
        parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims)]
        body = ".".join(base64.urlsafe_b64encode(p).decode().rstrip("=") for p in parts)
        token = f"{body}.{secrets.token_urlsafe(24)}"
        self.given.append(token)
        return token

    def _tokens(self, session: _Session, **access: Any) -> dict[str, Any]:
        if self.rotation or not session.refresh:
            session.used.add(session.refresh)
            session.refresh = secrets.token_urlsafe(48)
            self.given.append(session.refresh)
        claims = self.claims(session.user)
        return {
            "access_token": self._jwt(sub=claims["sub"], **({"aud": "account"} | access)),
            "id_token": self._jwt(aud=self.client_id, **claims),
            "refresh_token": session.refresh,
            "token_type": "Bearer",
            "expires_in": self.lifetime_s,
            "scope": session.scope,
            **self.token_fields,
        }

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Answer the token endpoint."""
        with self.lock:
            grant = form.get("grant_type")
            if grant == "authorization_code":
                return self._redeem(form)
            if grant == "refresh_token":
                return self._refresh(form)
            if grant == EXCHANGE:
                return self._exchange(form)
            return 400, {"error": "unsupported_grant_type"}

    def _redeem(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        asked = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if asked is None or challenge != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        return 200, self.begin(asked["user"], asked["scope"])

    def _refresh(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        told = form.get("refresh_token", "")
        # IAM says the token itself in the description: nobody may repeat that.
        ended = 400, {"error": self.ended_error, "error_description": f"Invalid token: {told}"}
        for session in self._sessions:
            if told in session.used:
                session.alive = False  # used twice: somebody else may have it
            if told == session.refresh and session.alive:
                wanted = form.get("scope", "").split()
                named = [name for name in self.audiences if name in wanted]
                return 200, self._tokens(session, **({"aud": self.aud or named} if named else {}))
        return ended

    def _exchange(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        told = jwt_claims(form.get("subject_token", ""))
        alive = any(
            s.alive and self.claims(s.user)["sub"] == told.get("sub") for s in self._sessions
        )
        if not alive or told["exp"] < time.time() + self.skew_s:
            return 400, {"error": "invalid_request", "error_description": "Invalid token"}
        if form.get("audience") not in self.audiences:
            return 400, {"error": "invalid_client", "error_description": "Audience not found"}
        return 200, {
            "access_token": self._jwt(sub=told["sub"], aud=self.aud or form["audience"]),
            "token_type": "Bearer",
            "expires_in": self.lifetime_s,
            **self.token_fields,
        }

    def discovery(self) -> dict[str, Any]:
        """Return the provider's discovery document."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/auth",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "code_challenge_methods_supported": ["plain", "S256"],
            "grant_types_supported": ["authorization_code", "refresh_token", EXCHANGE],
            **self.document,
        }


class _Answers(Handler):
    provider: FakeProvider

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path.endswith("/.well-known/openid-configuration"):
            self._serve("discovery", lambda: (200, self.provider.discovery()))
        elif url.path.endswith("/userinfo"):
            self._serve("userinfo", self._userinfo)
        elif url.path.endswith("/auth"):
            self._authorize(query)
        else:
            self.send(404, b"nothing here", "text/plain")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        grant = form.get("grant_type", "")
        kinds = {"authorization_code": "code", "refresh_token": "refresh", EXCHANGE: "exchange"}
        self._serve(kinds.get(grant, "other"), lambda: self._token(form))

    def _serve(self, kind: str, work: Any) -> None:
        if self.provider.gone:  # this thread alone is left, of a connection that was kept alive
            self.close_connection = True
            return
        with self.provider.lock:
            self.provider.calls[kind] += 1
            self.provider.at_once += 1
            self.provider.most_at_once = max(self.provider.most_at_once, self.provider.at_once)
        try:
            fault = self.provider.faults.get(kind) or Fault()
            if fault.status is None or fault.after:
                status, answer = work()
            time.sleep(fault.delay_s)
            if fault.held is not None:
                fault.held.wait(60)
            if fault.status is not None:
                self.send(fault.status, fault.body, "text/html")
                return
            self.send(status, json.dumps(answer).encode())
        finally:
            with self.provider.lock:
                self.provider.at_once -= 1

    def _token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        kind, _, pair = self.headers.get("Authorization", "").partition(" ")
        if kind == "Basic":
            name, _, secret = base64.b64decode(pair).decode().partition(":")
        else:
            name, secret = form.get("client_id", ""), form.get("client_secret", "")
        known = self.provider.client_id, self.provider.client_secret
        if (unquote_plus(name), unquote_plus(secret)) != known:
            return 401, {"error": "invalid_client"}
        return self.provider.token(form)

    def _userinfo(self) -> tuple[int, dict[str, Any]]:
        told = jwt_claims(self.headers.get("Authorization", "").partition(" ")[2])
        for user in self.provider.people:
            if told.get("sub") == self.provider.claims(user)["sub"]:
                return 200, self.provider.claims(user)
        return 401, {"error": "invalid_token"}

    def _authorize(self, query: dict[str, str]) -> None:
        if query.get("code_challenge_method") != "S256" or "state" not in query:
            self.send(400, b"no PKCE, or no state", "text/plain")
        elif "username" not in query:
            hidden = "".join(
                f'<input type="hidden" name="{n}" value="{v}">' for n, v in query.items()
            )
            self.send(
                200,
                f'<form id="kc-form-login" action="{self.provider.issuer}/auth" method="get">'
                f'{hidden}<input name="username"><input name="password"></form>'.encode(),
                "text/html",
            )
        else:
            code = secrets.token_urlsafe(16)
            self.provider.codes[code] = {
                "user": query["username"],
                "scope": query.get("scope", ""),
                "code_challenge": query["code_challenge"],
            }
            back = urlencode({"code": code, "state": query["state"]})
            self.send_response(302)
            self.send_header("Location", f"{query['redirect_uri']}?{back}")
            self.send_header("Content-Length", "0")
            self.end_headers()
