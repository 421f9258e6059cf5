"""``POST /hub/escape/token``: a user's own server asks for a token for one service (ADR 0003)."""

import hashlib
import json
import math
import time
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

from jupyterhub import orm
from jupyterhub.apihandlers import APIHandler
from jupyterhub.scopes import parse_scopes
from jupyterhub.spawner import Spawner
from jupyterhub.user import User
from jupyterhub.utils import compare_token, url_path_join

from escape_vre.core.errors import (
    AuthError,
    EscapeError,
    NotFoundError,
    RemoteError,
    UsageError,
)
from escape_vre.hub.answers import SessionEndedError
from escape_vre.hub.metrics import TOKEN_REQUESTS
from escape_vre.hub.remembered import Issued
from escape_vre.hub.sessions import ended
from escape_vre.hub.settings import PATH
from escape_vre.hub.shares import SCOPE

MAX_BODY = 4096

_RESULTS = {
    "auth": "refused",
    "not_found": "unknown",
    "configuration": "misconfigured",
    "usage": "bad_request",
}


class ForbiddenError(AuthError):
    """The caller may have no tokens; signing in does not change that."""

    status = 403


class TokenHandler(APIHandler):
    """The only route that returns a token."""

    _accept_cookie_auth = False
    _verified: ClassVar[dict[tuple[bytes, str], bool]] = {}

    async def get_current_user(self) -> Any:
        """Return the token's user, without renewing a session: the answer must say what ended."""
        if not hasattr(self, "_jupyterhub_user"):
            self._jupyterhub_user = self.get_current_user_token()
        return self._jupyterhub_user

    def check_xsrf_cookie(self) -> None:
        """Do nothing: no cookie is accepted here, so no request can be forged."""

    async def post(self) -> None:
        """Answer with a token for the audience of the body."""
        audience = "other"
        try:
            user, server = self._caller()
            names = [entry.name for entry in self.authenticator.settings.tokens.audiences]
            asked = self._asked(names)
            if asked not in names:
                raise NotFoundError(
                    f"This hub has no tokens for {asked[:64]!r}.",
                    hint=f"It has tokens for {', '.join(names)}." if names else "It has none.",
                    details={"audiences": names},
                )
            audience = asked
            issued = await self._issued(user, server, audience)
        except EscapeError as e:
            failed = e
        else:
            TOKEN_REQUESTS.labels(audience, "ok").inc()
            self.set_header("Cache-Control", "no-store")  # RFC 6749 section 5.1
            self.finish(
                {
                    "access_token": issued.access_token,
                    "token_type": "Bearer",
                    "expires_in": max(0, math.floor(issued.expires_at - time.time())),
                    "audience": audience,
                }
            )
            return
        TOKEN_REQUESTS.labels(audience, _result(failed)).inc()
        self._answer(failed)

    async def _issued(self, user: User, server: str, audience: str) -> Issued:
        try:
            if await self.refresh_auth(user) is None:
                raise ended()
            issued: Issued = await self.authenticator.sessions.token(user, audience)
            return issued
        except SessionEndedError as e:
            details = {"sign_in": self._sign_in(user, server)}
            raise AuthError(e.message, hint=e.hint, details=details) from e

    def _caller(self) -> tuple[User, str]:
        """Return the user and the name of the running server whose token this is.

        Raises
        ------
        ForbiddenError
            The request has no such token, came from outside, or the server was shared.
        """
        for name in self.authenticator.settings.tokens.proxy_headers:
            if name in self.request.headers:
                # Only the site's administrators can know that it did not.
                self.log.warning(
                    "A request for a token has the header %s, and so came through the public proxy."
                    " If a service mesh adds it inside the cluster, leave it out of"
                    " %s.tokens.proxy_headers.",
                    name,
                    PATH,
                )
                raise _outside()
        user, token = self.current_user, self.get_auth_token()
        if not isinstance(user, User) or token is None:
            raise _no_server()
        # The scopes say !server for a server's token and !user for a personal one, but a person
        # can ask for either. Which token a server was started with, its OAuth client knows.
        allowed = parse_scopes(self.expanded_scopes).get(SCOPE)
        servers = allowed.get("server", frozenset()) if isinstance(allowed, dict) else frozenset()
        if len(servers) == 1 and "user" not in allowed:
            owner, _, name = next(iter(servers)).partition("/")
            spawner = user.spawners.get(name) if owner == user.name else None
            if spawner is not None and _runs(spawner) and self._is_own(token, spawner.orm_spawner):
                if spawner.orm_spawner.shares:
                    raise _shared()
                return user, name
        if self._was_shared(user, token):
            raise _shared()
        raise _no_server()

    def _is_own(self, token: str, spawner: orm.Spawner) -> bool:
        """Whether this is the token the server was started with; slow to compute, so cached."""
        client = spawner.oauth_client
        if client is None or not client.secret:
            return False
        # Not the token's id: the database gives that to another token once this one is deleted.
        key = hashlib.sha256(token.encode()).digest(), client.secret
        if key not in self._verified:
            if len(self._verified) >= 10_000:
                self._verified.clear()
            self._verified[key] = bool(compare_token(client.secret, token))
        return self._verified[key]

    def _was_shared(self, user: User, token: str) -> bool:
        return any(
            _runs(spawner) and self._is_own(token, spawner.orm_spawner)
            for spawner in user.spawners.values()
        )

    def _asked(self, names: list[str]) -> str:
        try:
            body = json.loads(self.request.body[: MAX_BODY + 1])
        except (ValueError, RecursionError):
            body = None
        audience = body.get("audience") if isinstance(body, dict) else None
        if not isinstance(audience, str):
            raise UsageError(
                "The request has no audience.",
                hint=f"Send, for example, {json.dumps({'audience': names[0]})}."
                if names
                else "This hub has no tokens for any service.",
            )
        return audience

    def _sign_in(self, user: User, server: str) -> str:
        """Return the URL where this user signs in and then returns to their server."""
        back = urlsplit(user.server_url(server)).path
        path = url_path_join(self.hub.base_url, "oauth_login") + f"?next={quote(back, safe='')}"
        public = self.settings.get("public_url")
        return f"{public.scheme}://{public.netloc}{path}" if public else path

    def _answer(self, error: EscapeError) -> None:
        if isinstance(error, RemoteError):
            # Whatever went wrong there, the caller can only wait.
            fields = error.as_dict() | {"code": "remote_unavailable"}
            fields["details"] = {"retry_after_s": error.details.get("retry_after_s", 5)}
            self.set_status(503)
            self.set_header("Retry-After", str(fields["details"]["retry_after_s"]))
        else:
            fields = error.as_dict()
            self.set_status(error.status)
        self.finish({"error": fields})

    def write_error(self, status_code: int, **_: Any) -> None:
        """Answer in the same shape for any failure: a wrong method, or a fault of ours."""
        self.set_header("Content-Type", "application/json")
        error: EscapeError
        if status_code == 405:
            error = UsageError("This address takes POST only.", hint="See ADR 0003.")
        else:
            error = EscapeError("The hub could not answer.", hint="See its log.")
        self.finish({"error": error.as_dict()})


def _runs(spawner: Spawner) -> bool:
    """Whether a server exists: also while it starts, or while a new hub looks for it."""
    return spawner.server is not None and spawner.pending != "stop"


def _result(error: EscapeError) -> str:
    if isinstance(error, RemoteError):
        return "unavailable"
    return "sign_in" if "sign_in" in error.details else _RESULTS.get(error.code, "failed")


def _outside() -> ForbiddenError:
    return ForbiddenError(
        "Only servers of this hub get tokens, and not through its public address.",
        hint="Ask from within your server, at JUPYTERHUB_API_URL.",
    )


def _no_server() -> ForbiddenError:
    return ForbiddenError(
        "Tokens need a running server's own JupyterHub token.",
        hint="Ask from within your server, with JUPYTERHUB_API_TOKEN.",
    )


def _shared() -> ForbiddenError:
    return ForbiddenError(
        "This server is shared, or was since it started: others may know its JupyterHub token.",
        hint="Stop sharing it and restart it to get tokens for services again.",
    )
