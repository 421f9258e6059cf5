"""Output of the data lake in notebooks and terminals; standard library only."""

import html
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from escape_vre.core import text
from escape_vre.core.errors import UsageError
from escape_vre.display.amounts import amount, words
from escape_vre.notebook.progress import execution_count, show_plain

_RIGHT = "right;white-space:nowrap"
CELL_WIDTH = 72
"""Longest cell that a screen shows, characters; a pipe and the value's rows have it whole."""


class Files(list[Path]):
    """The files of a get: a list of paths, absolute, in the order of the catalogue.

    Parameters
    ----------
    told : int, optional
        The cell whose progress line has said the same.
    note : str
        What was left out, as far as no progress line has said it: one sentence, or empty.
    """

    def __init__(
        self, paths: Iterable[Path] = (), *, told: int | None = None, note: str = ""
    ) -> None:
        super().__init__(paths)
        self._told = told
        self.note = text.sentence(note)

    @property
    def path(self) -> Path:
        """The only file.

        Raises
        ------
        UsageError
            There is not exactly one.
        """
        if len(self) != 1:
            raise UsageError(
                f"This get returned {len(self)} files, not one.",
                hint="Choose one by its index, as in files[0], or loop over all.",
            )
        return self[0]

    def __repr__(self) -> str:
        return "\n".join(filter(None, [text.printable(self._summary()), self.note]))

    def _summary(self) -> str:
        if not self:
            return "No files."
        if len(self) == 1:
            return str(self[0])
        return f"{text.files(len(self))}: {self[0]} … {self[-1].name}"

    def as_rows(self) -> Iterable[Mapping[str, Any]]:
        """Return the paths as objects, for ``--json``."""
        return ({"path": str(path)} for path in self)

    def as_lines(self) -> Iterable[str]:
        """Return the paths, for a pipe."""
        return (text.printable(str(path)) for path in self)

    def _ipython_display_(self) -> None:
        """Show nothing in the cell whose progress has just shown the same."""
        if self._told is None or self._told != execution_count():
            show_plain(repr(self))


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


def did_table(rows: Sequence[dict[str, Any]], *, note: str) -> Table:
    """Show DIDs: type, name, size, files, state."""
    return Table(
        rows,
        ("type", "name", "size", "files", "state"),
        [
            (
                row["type"],
                row["ref"].removeprefix("rucio:"),
                text.size(row.get("bytes")),
                "" if row["type"] == "file" or row.get("length") is None else f"{row['length']:,}",
                state(row),
            )
            for row in rows
        ],
        note,
        frozenset({2, 3}),
    )


def state(row: dict[str, Any]) -> str:
    """Say in words where a DID is; a dash where that is not known."""
    if row.get("problem"):
        return f"failed: {row['problem']}"
    if row.get("job_state") in ("queued", "running"):
        fraction = row.get("fraction")
        return "on its way" if fraction is None else f"on its way {text.percent(fraction)}"
    if row.get("local") == "here":
        return "here"
    if row.get("local") == "partly":
        count, length = row.get("local_files"), row.get("length")
        return f"partly here ({count} of {length})" if length else f"partly here ({count} files)"
    if "local" not in row:
        return "–"
    sites = row.get("sites") or []
    return f"elsewhere ({', '.join(sites)})" if sites else "elsewhere"


def job_table(jobs: Sequence[dict[str, Any]]) -> Table:
    """Show jobs, newest first."""
    return Table(
        jobs,
        ("job", "what", "state", "done", "files", "note"),
        [
            (
                job["id"],
                job["title"],
                job["state"],
                words(job["progress"]),
                _files(job),
                (job["error"] or job.get("waiting") or {}).get("message") or job["note"] or "",
            )
            for job in jobs
        ],
        "" if jobs else "There are no jobs. Run %dl get scope:name to start one.",
    )


def _files(job: dict[str, Any]) -> str:
    files = amount(job, "files")
    return "" if files["total"] is None else f"{files['done']:,}/{files['total']:,}"


class Info(dict[str, Any]):
    """A DID in full: a mapping that prints as a list of its entries and sites.

    Parameters
    ----------
    note : str
        One sentence of what could not be found out.
    """

    def __init__(self, found: Mapping[str, Any], *, note: str = "") -> None:
        super().__init__(found)
        self.note = text.sentence(note)

    def as_rows(self) -> Iterable[Mapping[str, Any]]:
        """Return the DID as one object, for ``--json``."""
        return (self,)

    def as_lines(self) -> Iterable[str]:
        """Return the entries for a pipe, each with a tab after its name."""
        return map("\t".join, self._lines())

    def _lines(self) -> list[tuple[str, str]]:
        """Return the entries as a person may see them: metadata come from others."""
        return [(text.printable(key), text.printable(value)) for key, value in self._entries()]

    def _entries(self) -> list[tuple[str, str]]:
        lines = [
            ("DID", f"{self['scope']}:{self['name']}"),
            ("type", str(self["type"])),
            ("size", text.size(self["bytes"])),
        ]
        if self["type"] != "file" and self["length"] is not None:
            lines.append(("files", f"{self['length']:,}"))
        entries = ("account", "created", "adler32", "md5")
        lines += [(key, str(self[key])) for key in entries if self.get(key)]
        for site in self["sites"]:
            shown = site["state"]
            if self["type"] != "file":
                shown = f"{site['available']:,} of {site['length']:,} files"
            lines.append((f"at {site['rse']}", shown))
        lines += [(key, str(value)) for key, value in self["metadata"].items()]
        return lines

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
