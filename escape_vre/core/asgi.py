"""What routes of every service share: the caller of a request, and errors as answers."""

import os
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote_to_bytes

from fastapi import Depends
from pydantic import BaseModel
from starlette.requests import Request

from escape_vre.core.caller import CONTENTS_HEADER, ENVIRONMENT_HEADER, Caller, unpack_environment


def _caller(request: Request) -> Caller:
    root = request.headers.get(CONTENTS_HEADER)
    return Caller(
        environment=unpack_environment(request.headers.get(ENVIRONMENT_HEADER, "")),
        contents_root=Path(os.fsdecode(unquote_to_bytes(root))) if root else None,
        follow_links=request.app.state.follow_links,
    )


CallerOf = Annotated[Caller, Depends(_caller)]
"""Annotates a route's parameter that is to hold the caller."""


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
