"""What routes of every service share: the caller of a request, and errors as answers."""

import asyncio
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote

from fastapi import Depends
from pydantic import BaseModel
from starlette.requests import Request

from escape_vre.core.caller import CONTENTS_HEADER, ENVIRONMENT_HEADER, Caller, unpack_environment


async def _caller(request: Request) -> Caller:
    root = request.headers.get(CONTENTS_HEADER)
    header = request.headers.get(ENVIRONMENT_HEADER, "")
    wanted = request.app.state.wanted_variables
    return Caller(
        environment=await asyncio.to_thread(unpack_environment, header, wanted),
        contents_root=Path(unquote(root)) if root else None,
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
