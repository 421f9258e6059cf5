"""Rucio's tables and its first account, made once."""

# These modules run as the package "lake", in an environment that has no escape_vre.
# ruff: noqa: TID252

import logging
import time

from rucio.db.sqla.session import get_engine
from rucio.db.sqla.util import build_database, create_base_vo, create_root_account
from sqlalchemy.exc import OperationalError

from ..layout import Layout


def wait_for_database(*, timeout_s: float = 60) -> None:
    """Return when the database takes connections; it starts while we are being loaded."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            with get_engine().connect():
                return
        except OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def ensure(layout: Layout) -> None:
    """Create tables and the root account; a database that was not completely filled is new."""
    if not layout.seeded.exists():
        build_database()
        # Alembic silences every logger that exists when it reads its configuration.
        for logger in logging.root.manager.loggerDict.values():
            if isinstance(logger, logging.Logger):
                logger.disabled = False
        create_base_vo()
        create_root_account()
