"""What goes on by itself goes on whatever happens in one round."""

import asyncio

from escape_vre.core import loops as module
from escape_vre.core.loops import Loops


def test_a_round_that_fails_is_logged_counted_and_repeated(monkeypatch, caplog):
    monkeypatch.setattr(module, "PAUSE_S", 0)
    rounds = []

    async def scene():
        loops = Loops()
        over = asyncio.Event()

        async def step():
            rounds.append(1)
            if len(rounds) < 3:
                raise OSError(28, "No space left on device")
            over.set()

        loops.start("a loop", step, every_s=0)
        await over.wait()
        await loops.stop()
        return loops.failures

    failures = asyncio.run(scene())
    assert failures == {"a loop": 2}
    assert len(rounds) >= 3
    assert caplog.text.count("a loop: a round failed") == 2
    assert "No space left" in caplog.text


def test_a_stopped_loop_ends_where_it_waits():
    async def scene():
        loops = Loops()
        loops.start("a loop", asyncio.Event().wait, every_s=0)
        loops.start("another", asyncio.Event().wait, every_s=1000)
        await asyncio.sleep(0)
        await loops.stop()
        return len(asyncio.all_tasks())

    assert asyncio.run(scene()) == 1
