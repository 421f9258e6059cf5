"""What routes of every service share: the caller, the body of a request, errors as answers."""

import asyncio
import os
import re
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote_to_bytes

from fastapi import Depends
from pydantic import BaseModel, model_validator
from starlette.requests import Request

from escape_vre.core.caller import (
    CONTENTS_HEADER,
    ENVIRONMENT_HEADER,
    KEY_HEADER,
    Caller,
    unpack_environment,
)
from escape_vre.core.errors import UsageError

_KEY = re.compile(r"[A-Za-z0-9-]{8,64}")
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
"""JSON can hold half of a UTF-16 pair, which no file name, URL or answer can."""


async def _caller(request: Request) -> Caller:
    root = request.headers.get(CONTENTS_HEADER)
    header = request.headers.get(ENVIRONMENT_HEADER, "")
    wanted = request.app.state.wanted_variables
    return Caller(
        environment=await asyncio.to_thread(unpack_environment, header, wanted),
        contents_root=Path(os.fsdecode(unquote_to_bytes(root))) if root else None,
        follow_links=request.app.state.follow_links,
        key=_key(request.headers.get(KEY_HEADER)),
    )


def _key(sent: str | None) -> str | None:
    if sent is not None and not _KEY.fullmatch(sent):
        raise UsageError(
            f"{KEY_HEADER} must be 8 to 64 letters, digits or hyphens.",
            hint="Update escape-vre, then restart Jupyter and reload the page.",
        )
    return sent


CallerOf = Annotated[Caller, Depends(_caller)]
"""Annotates a route's parameter that is to hold the caller."""


class Question(BaseModel):
    """The body of a request: no text of it holds what neither a name nor a path can hold."""

    @model_validator(mode="before")
    @classmethod
    def _is_text(cls, body: Any) -> Any:
        left = [body]
        while left:
            value = left.pop()
            if isinstance(value, dict):
                left += [*value, *value.values()]
            elif isinstance(value, list):
                left += value
            elif isinstance(value, str) and _NO_TEXT.search(value):
                raise ValueError("a text holds NUL, or half a character")
        return body


class ErrorFields(BaseModel):
    """An error as it travels."""

    code: str
    message: str
    hint: str
    retryable: bool
    details: dict[str, Any] = {}


class ErrorAnswer(BaseModel):
    """The body of every answer with a status of 400 and more."""

    error: ErrorFields
