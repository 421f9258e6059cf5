"""What ``escape-vre doctor`` asks of services: checks, which come as they are done."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from escape_vre.core.errors import EscapeError

log = logging.getLogger(__name__)

CheckState = Literal["ok", "warning", "failed", "skipped"]
DEADLINE_S = 15.0
"""How long one check may take, seconds."""


class Check(BaseModel):
    """One thing that was looked at; nothing secret in it."""

    model_config = ConfigDict(frozen=True)

    subject: str = Field(description="Whose: the agent's, a server's, a storage's.")
    name: str = Field(description="What was looked at, in a word or two.")
    state: CheckState
    message: str = Field(description="What was found, a sentence.")
    hint: str = Field(default="", description="What to do about it, a sentence.")
    took_ms: float | None = None


@dataclass(frozen=True, slots=True)
class CheckQuery:
    """What is to be checked.

    Parameters
    ----------
    environment : mapping
        The caller's allow-listed variables.
    write : bool
        Whether something small may be written to storages, and removed at once.
    deadline_s : float
        How long each check may take, seconds.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    write: bool = False
    deadline_s: float = DEADLINE_S


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check."""

    state: CheckState
    message: str
    hint: str = ""

    @classmethod
    def of(cls, error: EscapeError) -> "Finding":
        """Return what a failure means."""
        return cls("failed", error.message, error.hint)


async def checked(
    subject: str,
    name: str,
    look: Callable[[], Awaitable[Finding]],
    *,
    deadline_s: float = DEADLINE_S,
) -> Check:
    """Return a check, whatever becomes of it: it may fail, and take no longer than its time."""
    began = time.perf_counter()
    try:
        async with asyncio.timeout(deadline_s):
            found = await look()
    except TimeoutError:
        found = Finding(
            "failed", f"There was no answer within {deadline_s:.0f} s.", "Try again later."
        )
    except EscapeError as e:
        found = Finding.of(e)
    except Exception as e:
        log.exception("a check failed: %s, %s", subject, name)
        hint = "Report this, with the agent's log."
        found = Finding("failed", f"The check itself failed ({type(e).__name__}).", hint)
    took_ms = round((time.perf_counter() - began) * 1000, 1)
    return Check(
        subject=subject,
        name=name,
        state=found.state,
        message=found.message,
        hint=found.hint,
        took_ms=None if found.state == "skipped" else took_ms,
    )


async def merged(streams: Sequence[AsyncGenerator[Check, None]]) -> AsyncGenerator[Check, None]:
    """Yield the checks of several streams as they come; closing it ends them all."""
    queue: asyncio.Queue[Check | BaseException | None] = asyncio.Queue()

    async def pass_on(stream: AsyncGenerator[Check, None]) -> None:
        try:
            async with aclosing(stream) as checks:
                async for check in checks:
                    await queue.put(check)
        except Exception as e:  # noqa: BLE001 — raised where the stream is read
            await queue.put(e)
        finally:
            await queue.put(None)

    tasks = [asyncio.create_task(pass_on(stream)) for stream in streams]
    left = len(tasks)
    try:
        while left:
            found = await queue.get()
            if found is None:
                left -= 1
            elif isinstance(found, BaseException):
                raise found
            else:
                yield found
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
