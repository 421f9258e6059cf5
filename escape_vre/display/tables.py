"""Tables, and a thing in full: values that print themselves in terminals and notebooks."""

import html
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from escape_vre.core import text

_RIGHT = "right;white-space:nowrap"
CELL_WIDTH = 72
"""Longest cell that a screen shows, characters; a pipe and the value's rows have it whole."""


@dataclass(frozen=True)
class Table:
    """Rows that print as a table: plain in a terminal, HTML in a notebook.

    Parameters
    ----------
    rows : sequence of dict
        What the agent answered.
    columns : sequence of str
        Headings.
    cells : sequence of sequence of str
        What to show, one for each row.
    note : str
        One sentence below.
    """

    rows: Sequence[dict[str, Any]]
    columns: Sequence[str]
    cells: Sequence[Sequence[str]]
    note: str = ""
    right: frozenset[int] = frozenset()

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self.rows[index]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.rows)

    def __repr__(self) -> str:
        return self._text(self._printable(CELL_WIDTH))

    def __str__(self) -> str:
        """Return the table with every name whole."""
        return self._text(self._printable())

    def as_rows(self) -> Iterable[Mapping[str, Any]]:
        """Return what the agent answered, for ``--json``."""
        return self.rows

    def as_lines(self) -> Iterable[str]:
        """Return headings and rows for a pipe, their cells with a tab between them."""
        return map("\t".join, [self.columns, *self._printable()] if self.cells else ())

    def _printable(self, width: int | None = None) -> list[list[str]]:
        """Return the cells as a person may see them: names and notes come from others."""
        return [
            [text.elided(cell, width) if width else cell for cell in map(text.printable, cells)]
            for cells in self.cells
        ]

    def _text(self, cells: Sequence[Sequence[str]]) -> str:
        lines = [list(self.columns), *map(list, cells)] if cells else []
        widths = (
            [max(len(line[i]) for line in lines) for i in range(len(self.columns))] if lines else []
        )
        shown = [
            "  ".join(
                cell.rjust(width) if i in self.right and n else cell.ljust(width)
                for i, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for n, line in enumerate(lines)
        ]
        return "\n".join([*shown, *([text.sentence(self.note)] if self.note else [])])

    def _repr_html_(self) -> str:
        head = "".join(f"<th style='text-align:left'>{html.escape(c)}</th>" for c in self.columns)
        body = "".join(
            "<tr>"
            + "".join(
                f"<td style='text-align:{_RIGHT if i in self.right else 'left'}'>"
                f"{html.escape(cell)}</td>"
                for i, cell in enumerate(cells)
            )
            + "</tr>"
            for cells in self._printable(CELL_WIDTH)
        )
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        note = f"<div>{html.escape(text.sentence(self.note))}</div>" if self.note else ""
        return (table if self.cells else "") + note


class Info(dict[str, Any]):
    """A thing in full: a mapping that prints as a list of its entries.

    Parameters
    ----------
    found : mapping
        What the agent answered.
    entries : sequence of (str, str)
        What to show: names and values, in order.
    note : str
        One sentence of what could not be found out.
    """

    def __init__(
        self, found: Mapping[str, Any], entries: Sequence[tuple[str, str]], *, note: str = ""
    ) -> None:
        super().__init__(found)
        self._entries = entries
        self.note = text.sentence(note)

    def as_rows(self) -> Iterable[Mapping[str, Any]]:
        """Return the thing as one object, for ``--json``."""
        return (self,)

    def as_lines(self) -> Iterable[str]:
        """Return the entries for a pipe, each with a tab after its name."""
        return map("\t".join, self._lines())

    def _lines(self) -> list[tuple[str, str]]:
        """Return the entries as a person may see them: metadata come from others."""
        return [(text.printable(key), text.printable(value)) for key, value in self._entries]

    def __repr__(self) -> str:
        width = max(len(key) for key, _ in self._lines())
        lines = [f"{key.ljust(width)}  {value}" for key, value in self._lines()]
        return "\n".join([*lines, *([self.note] if self.note else [])])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(key)}</th>"
            f"<td style='text-align:left'>{html.escape(value)}</td></tr>"
            for key, value in self._lines()
        )
        note = f"<div>{html.escape(self.note)}</div>" if self.note else ""
        return f"<table>{rows}</table>{note}"
