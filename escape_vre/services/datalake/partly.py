"""What is known when a part is not: an optional part never fails the whole."""

from collections.abc import Awaitable
from typing import TypeVar

from escape_vre.core.errors import EscapeError

T = TypeVar("T")


async def or_note(asked: Awaitable[T], otherwise: T, what: str) -> tuple[T, str | None]:
    """Return what is asked for, or something else and a sentence that says why."""
    try:
        return await asked, None
    except EscapeError as e:
        return otherwise, unread(what, e)


def unread(what: str, error: EscapeError) -> str:
    """Say what could not be read, and why."""
    return f"{what[0].upper()}{what[1:]} could not be read: {error.message}"


def notes(*said: str | None) -> str | None:
    """Put sentences together; None where nothing is missing."""
    return " ".join(filter(None, said)) or None
