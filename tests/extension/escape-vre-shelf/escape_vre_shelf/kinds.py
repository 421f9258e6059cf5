"""The jobs that the shelf brings: putting a file there, and having a binding made."""

import asyncio
from pathlib import Path
from typing import ClassVar

from escape_vre.core.errors import RemoteError
from escape_vre.jobs.context import Context
from escape_vre.jobs.kinds.kind import WORDS, Kind
from escape_vre.jobs.models import JobRequest

ASK_S = 0.2
"""Time between two questions how far the shelf is, seconds."""


class PutRequest(JobRequest):
    """Which file to put onto the shelf."""

    kind: str = "put"
    file: str


class Put(Kind[PutRequest]):
    """Puts a file onto the shelf."""

    name = "put"
    request = PutRequest
    unit = "files"
    words: ClassVar = {**WORDS, "done": "on the shelf"}
    ends_unwaited = True
    keeps_server_alive = True

    async def run(self, context: Context[PutRequest]) -> None:
        """Put it; after a crash once more, for that changes nothing."""
        asked = context.request
        context.report(0, 1)
        await context.service.store(Path(asked.file), asked.refs[0], context.environment)
        context.report(1, 1)


class BindRequest(JobRequest):
    """Which items to bind."""

    kind: str = "bind"
    name: str


class Bind(Kind[BindRequest]):
    """Has the shelf bind items, which takes long and goes on without us."""

    name = "bind"
    request = BindRequest
    unit = "steps"
    words: ClassVar = {**WORDS, "running": "being bound", "done": "bound"}
    ends_unwaited = False
    keeps_server_alive = False

    async def run(self, context: Context[BindRequest]) -> None:
        """Begin it, unless an earlier attempt has, and follow it to its end."""
        remote, name = context.service.remote, context.request.name
        if not context.checkpoints:
            await context.checkpoint({"name": name})  # what to look for after a crash
        state = await remote.binding(name)
        if state is None:
            await remote.begin_binding(name)
            state = await remote.binding(name)
        while state is not None:
            context.report(state["done"], state["of"])
            if state["done"] >= state["of"]:
                context.result = {"ref": f"shelf:{name}"}
                return
            await asyncio.sleep(ASK_S)
            state = await remote.binding(name)
        raise RemoteError(f"The shelf no longer knows the binding {name}.", hint="Try again.")

    async def cancel(self, context: Context[BindRequest]) -> None:
        """Have the shelf give up what was begun."""
        if context.checkpoints:
            await context.service.remote.end_binding(context.request.name)


put = Put()
bind = Bind()
