"""One module per question; each has ``TITLE`` and ``measure``.

Those that need no lake come first, because its daemons would disturb small figures.
"""

from collections.abc import Callable, Iterator
from importlib import import_module

from bench.fixtures import Bench
from bench.table import Row

NAMES = (
    "javascript",
    "jupyter-start",
    "agent",
    "million-files",
    "hub-tokens",
    "hub-sessions",
    "one-big-file",
    "many-files",
    "put",
    "random-reads",
    "status-while-transfer",
    "status-while-rucio-slow",
    "availability",
    "first-rows",
    "kubernetes",
)

Measure = Callable[[Bench], Iterator[Row]]


def question(name: str) -> tuple[str, Measure]:
    """Return the title of a question, and the function that measures it."""
    module = import_module(f"{__name__}.{name.replace('-', '_')}")
    title: str = module.TITLE
    measure: Measure = module.measure
    return title, measure
