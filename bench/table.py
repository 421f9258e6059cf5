"""One figure and its bar, how it is printed, and the file that keeps it."""

import json
import statistics
import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).with_name("results.json")
OF_ROWS = ("commit", "date", "load_before")
"""What may be another for each row."""

_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Parameters
    ----------
    name : str
        The question, or ``question.part``.
    ours, peer : float
        Medians, in ``unit``; less is better. ``peer`` is None where nothing is compared.
    limit : float or None
        What ``ours`` may be at most, in ``unit``; None where no bar is set.
    ratio : float or None
        ``peer / ours``: how many times better ours is.
    bar : str
        The bar in words.
    note : str
        The conditions, and the single runs.
    """

    name: str
    ours: float
    peer: float | None
    peer_name: str | None
    limit: float | None
    unit: str
    ratio: float | None
    bar: str
    ok: bool
    note: str


def row(
    name: str,
    ours: Sequence[float],
    *,
    unit: str,
    peer: Sequence[float] = (),
    peer_name: str | None = None,
    limit: float | None = None,
    bar: str = "none set",
    note: str = "",
) -> Row:
    """Make a row of the medians of several runs; see :class:`Row`."""
    middle = statistics.median(ours)
    other = statistics.median(peer) if peer else None
    runs = f"ours {_several(ours)}" + (f", {peer_name} {_several(peer)}" if peer else "")
    ratio = round(other / middle, 3) if other is not None and middle > 0 else None
    return Row(
        name=name,
        ours=_short(middle),
        peer=None if other is None else _short(other),
        peer_name=peer_name,
        limit=None if limit is None else _short(limit),
        unit=unit,
        ratio=ratio,
        bar=bar,
        ok=limit is None or middle <= limit,
        note=". ".join(part for part in (note, f"Runs, {unit}: {runs}") if part) + ".",
    )


def shown(found: Sequence[Row]) -> str:
    """Lay rows out as a table for a terminal."""
    head = ("question", "ours", "peer", "at most", "unit", "ratio", "")
    lines = [head]
    for one in found:
        verdict = "" if one.limit is None else "ok" if one.ok else "MISSED"
        ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
        figures = (_text(one.ours), _text(one.peer), _text(one.limit))
        lines.append((one.name, *figures, one.unit, ratio, verdict))
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    table = [
        "  ".join(
            cell.ljust(width) if i in (0, 4, 6) else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    table.insert(1, "-" * (sum(widths) + 2 * len(widths) - 2))
    return "\n".join(table)


def explained(one: Row) -> str:
    """Say in words what a row compares, with what bar, and under which conditions."""
    against = f"Against {one.peer_name}. " if one.peer_name else ""
    text = f"{one.name}: {against}Bar: {one.bar}. {one.note}"
    return textwrap.fill(text, _WIDTH, subsequent_indent="    ", break_on_hyphens=False)


def write(about: dict[str, Any], found: Sequence[Row], *, only: str | None) -> None:
    """Write ``results.json``; where one question was asked, the others' rows stay.

    So each row says by itself of which commit and day it is, and how busy the machine was before.
    """
    measured = {key: about[key] for key in OF_ROWS}
    machine = {key: value for key, value in about.items() if key not in OF_ROWS}
    rows: list[dict[str, Any]] = [{**asdict(one), **measured} for one in found]
    if only is not None:
        kept = [one for one in _before() if one["name"].partition(".")[0] != only]
        rows = kept + rows
    RESULTS.write_text(json.dumps({"machine": machine, "rows": rows}, indent=1) + "\n")


def _before() -> list[dict[str, Any]]:
    try:
        rows: list[dict[str, Any]] = json.loads(RESULTS.read_text())["rows"]
    except (OSError, ValueError, KeyError):
        return []
    return rows


def _short(number: float) -> float:
    """Keep four digits: more would promise what no run repeats."""
    return float(f"{number:.4g}")


def _text(number: float | None) -> str:
    if number is None:
        return ""
    return f"{number:,.0f}" if abs(number) >= 1000 or number == int(number) else f"{number:.3g}"


def _several(numbers: Sequence[float]) -> str:
    return " ".join(_text(_short(number)) for number in numbers)
