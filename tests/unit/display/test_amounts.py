"""How far a job is, in words, whatever it counts."""

import pytest

from escape_vre.display.amounts import amount, describe, fraction, words


def job(done, total, unit="bytes", parts=(), **more):
    """Make what the agent answers."""
    progress = {"unit": unit, "done": done, "total": total, "rate": None, "eta_s": None}
    progress |= {
        "parts": [dict(zip(("unit", "done", "total"), part, strict=True)) for part in parts]
    }
    progress |= more.pop("progress", {})
    return {
        "state": "running",
        "state_word": "on its way",
        "note": None,
        "waiting": None,
        "progress": progress,
        **more,
    }


def test_a_get_says_bytes_files_rate_and_time_left():
    moving = job(
        1_200_000_000,
        3_400_000_000,
        parts=[("files", 3, 1200)],
        progress={"rate": 38e6, "eta_s": 58},
    )
    assert describe(moving) == "1.2 GB of 3.4 GB · 3 of 1,200 files · 38.0 MB/s · 58 s left"
    assert fraction(moving) == pytest.approx(0.353, abs=1e-3)
    assert amount(moving, "files")["done"] == 3
    assert amount(moving, "rows") == {"unit": "rows", "done": 0, "total": None}


def test_other_kinds_say_what_they_count():
    steps = job(3, 12, "steps", progress={"rate": 0.25})
    assert describe(steps) == "3 of 12 steps · 0.25 steps/s"
    assert fraction(steps) == 0.25
    assert words({"unit": "rows", "done": 1500, "total": None}) == "1,500 rows"


def test_without_a_size_files_tell_how_far_it_is():
    assert fraction(job(10, None, parts=[("files", 1, 4)])) == 0.25
    assert fraction(job(10, None, parts=[("files", 1, None)])) is None


def test_before_anything_is_known_it_says_what_it_does():
    assert describe(job(0, None)) == "on its way"
    assert describe(job(0, None, note="Asking the catalogue.")) == "Asking the catalogue."
    assert describe(job(0, None, state="queued")) == "queued"
    waiting = {"message": "The session has ended."}
    assert describe(job(0, None, waiting=waiting)).startswith("The session has ended. This")
