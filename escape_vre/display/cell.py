"""The cell of a notebook in which this runs, if it runs in one.

A kernel has IPython; nothing else needs it, so it is not imported by a statement.
"""

import sys
from importlib import import_module
from typing import Any

from escape_vre.core.text import printable


class CellOutput:
    """Something in the output of a cell that is replaced in place."""

    def __init__(self) -> None:
        self._handle: Any = None

    def show(self, *, rich: str, plain: str) -> None:
        """Show HTML, or text where there is no HTML, in place of what was there."""
        bundle = {"text/html": rich, "text/plain": plain}
        if self._handle is None:
            self._handle = _display(bundle, display_id=True)
        else:
            self._handle.update(bundle, raw=True)

    def clear(self) -> None:
        """Leave nothing behind."""
        if self._handle is not None:
            self.show(rich="", plain="")


def show_plain(line: str) -> None:
    """Display one line of text as the value of a cell."""
    _display({"text/plain": printable(line)})


def execution_count() -> int | None:
    """Return the number of the kernel's present cell; None outside a Jupyter kernel."""
    shell = _kernel_shell()
    return None if shell is None else int(shell.execution_count)


def in_notebook() -> bool:
    """Tell whether this is a Jupyter kernel."""
    return _kernel_shell() is not None


def _display(bundle: dict[str, str], **options: Any) -> Any:
    return import_module("IPython.display").display(bundle, raw=True, **options)


def _kernel_shell() -> Any:
    """Return the shell of a Jupyter kernel, without importing IPython for a script."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell if hasattr(shell, "kernel") else None
