"""HTTP of the person's sign-ins: a token for a command, and signing in by a code or a form."""

import asyncio
import time
from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field, SecretStr

from escape_vre.core.asgi import CallerOf, ErrorFields, Question
from escape_vre.core.caller import TOKEN_HEADER
from escape_vre.core.device import SignIn, SignInState
from escape_vre.core.errors import AuthError, UsageError
from escape_vre.core.form import Form, FormKind, Typed
from escape_vre.core.keyring import Keyring
from escape_vre.core.secret_store import Kept

LONGEST_WAIT_S = 25.0

Wait = Annotated[
    float,
    Query(
        ge=0,
        le=LONGEST_WAIT_S,
        description="Wait up to this long for the end of the sign-in, seconds.",
    ),
]


class TokenQuery(Question):
    """The audience of a token."""

    audience: str = Field(min_length=1)


class TokenAnswer(BaseModel):
    """A token, for a command on this machine."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 — RFC 6749, section 7.1
    expires_in: float | None = Field(description="Seconds; null if unknown.")
    audience: str


class IdentityQuery(Question):
    """What to sign in to, or out of: an instance's ``identity``, an error's ``details.device``."""

    identity: str


class SignInAnswer(BaseModel):
    """A sign-in that a person finishes elsewhere, with a code."""

    kind: Literal["code"] = "code"
    id: str
    title: str
    state: SignInState
    user_code: str
    verification_uri: str
    verification_uri_complete: str | None
    expires_in: float = Field(description="Time that the code is still valid, seconds.")
    error: ErrorFields | None


class FormAnswer(BaseModel):
    """A sign-in that a person finishes by typing a secret, for POST /sign-ins/form."""

    kind: Literal["form"] = "form"
    identity: str
    title: str
    asks: FormKind = Field(description="Whether a user name and password, or a personal token.")
    username: str = Field(description="The user name to propose; may be empty.")
    keeps: Kept = Field(
        description="Where the secret will be kept: in the system's keyring, or for the session of"
        " the agent."
    )


Started = Annotated[SignInAnswer | FormAnswer, Field(discriminator="kind")]


class FormSecret(Question):
    """What a person has typed; it is never given back."""

    identity: str
    username: str = Field(default="", max_length=1000)
    secret: SecretStr = Field(min_length=1, max_length=16_384)


class FormKept(BaseModel):
    """Where a secret is kept that was accepted."""

    kept: Kept


def identity_router(keyring: Keyring, make_services: Callable[[], None]) -> APIRouter:
    """Return the routes of the keyring; the services are what fills it."""

    async def filled() -> None:
        await asyncio.to_thread(make_services)

    router = APIRouter(tags=["identity"], dependencies=[Depends(filled)])

    @router.post("/tokens")
    async def tokens(http: Request, query: TokenQuery) -> TokenAnswer:
        if http.headers.get(TOKEN_HEADER) != "1":
            raise AuthError(
                "Tokens are given to escape-vre with-token only.",
                hint="Use escape-vre with-token AUDIENCE -- COMMAND in a terminal.",
            )
        token = await keyring.token(query.audience)
        left = None if token.expires is None else max(0.0, token.expires - time.time())
        return TokenAnswer(access_token=token.value, expires_in=left, audience=query.audience)

    @router.post("/sign-ins", status_code=201)
    async def start(query: IdentityQuery) -> Started:
        identity = keyring.identity(query.identity)
        if isinstance(identity, Form):
            return await _form(identity)
        return _answer(identity.title, await identity.start())

    @router.post("/sign-ins/form")
    async def typed(caller: CallerOf, query: FormSecret) -> FormKept:
        identity = keyring.identity(query.identity)
        if not isinstance(identity, Form):
            raise UsageError(
                f"{identity.title} has a sign-in with a code, not with a form.",
                hint="Sign in with the button in the panel.",
            )
        said = Typed(query.username.strip(), query.secret.get_secret_value())
        return FormKept(kept=await identity.sign_in(said, caller.environment))

    @router.get("/sign-ins/{sign_in_id}")
    async def follow(sign_in_id: str, wait_s: Wait = 0.0) -> SignInAnswer:
        identity, sign_in = keyring.sign_in(sign_in_id)
        if wait_s:
            await sign_in.changed(wait_s)
        return _answer(identity.title, sign_in)

    @router.post("/sign-ins/{sign_in_id}/cancel")
    async def cancel(sign_in_id: str) -> SignInAnswer:
        identity, sign_in = keyring.sign_in(sign_in_id)
        await identity.cancel(sign_in)
        return _answer(identity.title, sign_in)

    @router.post("/sign-outs")
    async def sign_out(query: IdentityQuery) -> dict[str, str]:
        await keyring.identity(query.identity).sign_out()
        return {}

    return router


async def _form(form: Form) -> FormAnswer:
    return FormAnswer(
        identity=form.id,
        title=form.title,
        asks=form.kind,
        username=form.username,
        keeps=await form.keeps(),
    )


def _answer(title: str, sign_in: SignIn) -> SignInAnswer:
    code = sign_in.code
    return SignInAnswer(
        id=sign_in.id,
        title=title,
        state=sign_in.state,
        user_code=code.user_code,
        verification_uri=code.verification_uri,
        verification_uri_complete=code.verification_uri_complete,
        expires_in=max(0.0, code.expires - time.time()),
        error=ErrorFields.model_validate(sign_in.error.as_dict()) if sign_in.error else None,
    )
