"""What the culler's clock is told: progress of work on this machine, for so long."""

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from jupyter_events.logger import EventLogger

from escape_vre.core import loops
from escape_vre.server.extension import EVENTS
from escape_vre.server.relay import LAST_ACTIVITY, EventRelay


@pytest.fixture
def relay():
    """A relay whose jobs are told by hand; ``settings`` are the server's."""
    events = EventLogger()
    for schema in EVENTS.glob("*.yaml"):
        events.register_event_schema(schema)
    settings = {}
    relay = EventRelay(None, logger=events, settings=settings, keep_alive_h=24)
    relay.settings = settings
    return relay


def job(done=0, *, unit="bytes", parts=(), keeps=True, age=timedelta(0), state="running"):
    return {
        "id": "a",
        "kind": "some",
        "title": "t",
        "service": "s",
        "instance": "i",
        "refs": [],
        "state": state,
        "state_word": "on its way",
        "keeps_server_alive": keeps,
        "progress": {
            "unit": unit,
            "done": done,
            "total": None,
            "rate": None,
            "eta_s": None,
            "parts": [{"unit": unit, "done": n, "total": None} for unit, n in parts],
        },
        "created": "2026-11-26T00:00:00Z",
        "started": (datetime.now(UTC) - age).isoformat(),
    }


def counts(relay, *jobs):
    """Tell whether the last of some changes is activity."""
    for one in jobs:
        relay.settings.clear()
        relay._tell(one)
    return LAST_ACTIVITY in relay.settings


@pytest.mark.parametrize("unit", ["bytes", "files", "steps", "rows"])
def test_any_progress_counts(relay, unit):
    assert counts(relay, job(1, unit=unit), job(2, unit=unit))


def test_progress_of_a_part_counts(relay):
    assert counts(relay, job(parts=[("files", 1)]), job(parts=[("files", 2)]))


def test_standing_still_does_not_count(relay):
    assert not counts(relay, job(5), job(5), job(5, state="done"))


def test_a_kind_that_only_watches_a_remote_does_not_count(relay):
    assert not counts(relay, job(1, unit="steps", keeps=False), job(2, unit="steps", keeps=False))


def test_nor_does_one_that_has_run_for_too_long(relay):
    old = timedelta(hours=25)
    assert not counts(relay, job(1, age=old), job(2, age=old))


def test_it_goes_on_after_an_event_that_cannot_be_told(relay, monkeypatch, caplog):
    monkeypatch.setattr(loops, "PAUSE_S", 0)
    told, looks = [], []

    class Answer:
        async def lines(self):
            looks.append(1)
            yield json.dumps(job(len(looks))).encode()

    class Link:
        is_running = True

        async def listens(self):
            return True

        @asynccontextmanager
        async def stream(self, *_, **__):
            yield Answer()

    async def scene():
        over = asyncio.Event()

        def emit(*, schema_id, data):
            if len(looks) == 1:
                raise RuntimeError("this one cannot be told")
            told.append(data)
            over.set()

        monkeypatch.setattr(relay._logger, "emit", emit)
        relay._link = Link()
        await relay._begin()
        async with asyncio.timeout(60):
            await over.wait()
        await relay.stop()

    asyncio.run(scene())
    assert told[0]["progress"]["done"] == 2
    assert "cannot be told" in caplog.text
