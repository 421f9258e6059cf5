"""Search by metadata, from Python."""

from escape_vre.client import AgentClient
from escape_vre.display.tables import Table
from escape_vre.services.datalake.search.grammar import parse
from escape_vre.services.datalake.table import table_of

__all__ = ["search"]


def search(
    text: str,
    *,
    type: str = "all",
    limit: int = 200,
    instance: str | None = None,
) -> Table:
    """Search the DIDs of a scope by name and metadata.

    >>> import escape_vre
    >>> escape_vre.search("demo:fermi* instrument=LAT bytes>1MB")  # doctest: +SKIP

    Parameters
    ----------
    text : str
        ``scope:pattern*``, then conditions: a key, one of ``= != < <= > >=``, a value. They are
        joined by *and*, which may be left out, and *or*. ``*`` in a value stands for any text;
        sizes have units (``500MB``, ``2GiB``); a date means all of its day, month or year, UTC.
    type : str
        ``all``, ``collection``, ``container``, ``dataset`` or ``file``.
    limit : int
        Maximum number of rows; the table says if there are more.

    Raises
    ------
    UsageError
        A mistake in the text; the message says where, the hint what was expected.
    NotFoundError
        There is no such scope, or no DID in it has one of the keys; the hint names the nearest.
    """
    scope = parse(text).scope
    agent = AgentClient()
    stream = agent.stream("/datalake/search", text=text, type=type, limit=limit, instance=instance)
    empty = f"No DID in {scope} matches."
    return table_of(agent, stream, empty, limit=limit, instance=instance)
