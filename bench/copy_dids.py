"""Multiplies the DIDs of a scope in Rucio's database; runs in the lake's own environment.

``python copy_dids.py SCOPE COPIES`` with ``RUCIO_CONFIG``: afterwards there are ``COPIES`` of each
DID, the first being the one that was there. Copies of whole rows, so that only Rucio knows what is
in one.
"""

import sys

from rucio.db.sqla import session  # type: ignore[import-not-found]
from sqlalchemy import text  # type: ignore[import-not-found]


def main(scope: str, copies: str) -> None:
    """Insert copies that differ in nothing but a prefix of the name."""
    engine = session.get_engine()
    with engine.begin() as connection:
        columns = connection.scalars(
            text("SELECT column_name FROM information_schema.columns WHERE table_name = 'dids'")
        ).all()
        values = [f"'run' || n || '.' || {c}" if c == "name" else c for c in columns]
        connection.execute(
            text(
                f"INSERT INTO dids ({', '.join(columns)}) SELECT {', '.join(values)}"
                " FROM dids, generate_series(2, :copies) AS n WHERE scope = :scope"
            ),
            {"copies": int(copies), "scope": scope},
        )
        connection.execute(text("ANALYZE dids"))


if __name__ == "__main__":
    main(*sys.argv[1:])
