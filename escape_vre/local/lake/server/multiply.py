"""Fills a scope within seconds, for benchmarks.

Run as ``python -m lake.server.multiply HOME SCOPE NAME COUNT``. Rucio needs a millisecond of
processor for each file it registers. This module copies the rows of one properly registered file in
the database, with all columns, so that listings show no difference.
"""

# These modules run as the package "lake", in an environment that has no escape_vre.
# ruff: noqa: TID252

import configparser
import sys
from pathlib import Path

import psycopg

from ..layout import Layout

_TABLES = ("dids", "replicas")


def main(home: str, scope: str, name: str, count: str) -> None:
    """Repeat a file as ``NAME.000001`` and so on, ``COUNT`` times, with its replicas."""
    config = configparser.ConfigParser()
    config.read(Layout(Path(home)).server_config)
    url = config["database"]["default"].replace("+psycopg", "", 1)
    with psycopg.connect(url) as connection:
        for table in _TABLES:
            done = connection.execute(
                f"INSERT INTO {table} SELECT (jsonb_populate_record(one, jsonb_build_object("  # noqa: S608
                "'name', one.name || '.' || lpad(number::text, 6, '0')))).* "
                f"FROM {table} AS one, generate_series(1, %s) AS number "
                "WHERE one.scope = %s AND one.name = %s",
                (int(count), scope, name),
            )
            if not done.rowcount:
                sys.exit(f"there is no file {scope}:{name}")
    with psycopg.connect(url, autocommit=True) as connection:
        for table in _TABLES:
            connection.execute(f"ANALYZE {table}")


if __name__ == "__main__":
    main(*sys.argv[1:])
