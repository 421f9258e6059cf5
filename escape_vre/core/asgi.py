"""What routes of every service share: the caller, the body of a request, errors as answers."""

import re
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote

from fastapi import Depends
from pydantic import BaseModel, model_validator
from starlette.requests import Request

from escape_vre.core.caller import CONTENTS_HEADER, ENVIRONMENT_HEADER, Caller, unpack_environment

_NO_TEXT = re.compile("[\0\ud800-\udfff]")
"""JSON can hold half of a UTF-16 pair, which no file name, URL or answer can."""


def _caller(request: Request) -> Caller:
    root = request.headers.get(CONTENTS_HEADER)
    return Caller(
        environment=unpack_environment(request.headers.get(ENVIRONMENT_HEADER, "")),
        contents_root=Path(unquote(root)) if root else None,
    )


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
