"""A real browser."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, expect, sync_playwright

# An agent, a kernel or a server may have to start first, on a machine with more to do.
expect.set_options(timeout=120_000)


@contextmanager
def started(*options: str) -> Iterator[Browser]:
    """Start Chromium with more options; ends it.

    Its event loop stays in the thread meanwhile, in the way of tests that have one of their own.
    """
    found = subprocess.run(["scripts/find-chromium"], check=True, stdout=subprocess.PIPE, text=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=found.stdout.strip(),
            args=["--no-sandbox", "--disable-dev-shm-usage", *options],
        )
        yield browser
        browser.close()
