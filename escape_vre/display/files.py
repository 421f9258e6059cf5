"""What a get returns."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from escape_vre.core import text
from escape_vre.core.errors import UsageError
from escape_vre.display.cell import execution_count, show_plain


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
